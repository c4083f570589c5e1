"""What to ask of somebody else about encryption keys, external data, and tables that a query cannot use as they are.

Form and sources as in `requests`; the commands' own sources stand in `shell.commands`.
"""

from collections.abc import Mapping
from typing import Final

from kbq_tui.diagnosis import requests as base
from kbq_tui.diagnosis.requests import DROP, GRANT, REVOKE, Request, step
from kbq_tui.shell import commands as cmd

_COPY: Final = step("Copy the data into a table of BigQuery's own, and give Klaviyo that:", cmd.COPY_TABLE)
_VIEW: Final = step("Offer Klaviyo a view that has what it needs, under a plain name:", cmd.CREATE_VIEW)
_DROP: Final = step(DROP, cmd.DROP_COPY)


def _other(look: str, make: str) -> Request:
    """Return the request for a copy or a view beside the table that will not do."""
    return Request((look,), (make,), (_DROP,))


CMEK_KEY: Final = Request(
    (cmd.SHOW_ENCRYPTION_AGENT, cmd.SHOW_KMS_KEY),
    (step("Let BigQuery's agent use the key:", cmd.GRANT_KMS_KEY),),
    (step(REVOKE, cmd.REVOKE_KMS_KEY),),
)
CMEK_KEY_OFF: Final = Request(
    (cmd.LIST_KMS_VERSIONS,),
    (step("Switch the version on that the error names:", cmd.ENABLE_KMS_VERSION),),
    (step("To take it back, switch the version off again:", cmd.DISABLE_KMS_VERSION),),
)
CMEK_REQUIRED: Final = Request(
    (cmd.SHOW_ENCRYPTION_AGENT, cmd.on_constraint(cmd.EFFECTIVE_POLICY, "gcp.restrictNonCmekServices")),
    (
        step("Let BigQuery's agent use the key:", cmd.GRANT_KMS_KEY),
        step("Make it the default for the location of the datasets:", cmd.SET_DEFAULT_KMS_KEY),
    ),
    (
        step("To take it back, remove the default key:", cmd.UNSET_DEFAULT_KMS_KEY),
        step(REVOKE, cmd.REVOKE_KMS_KEY),
    ),
)
GOOGLE_AGENT: Final = Request(
    (cmd.SHOW_ENCRYPTION_AGENT, "gcloud services list --enabled --project={project}"),
    (
        step(
            "Turn on the API of the service that the agent belongs to, and use it once:",
            "gcloud services enable SERVICE_NAME.googleapis.com --project={project}",
        ),
    ),
    (
        step(
            "To take it back, turn it off again:",
            "gcloud services disable SERVICE_NAME.googleapis.com --project={project}",
        ),
    ),
)
REPLICA: Final = Request(
    (cmd.SHOW_DATASET,),
    (step("Make the replica in the location that Klaviyo uses the primary one:", cmd.SET_PRIMARY_REPLICA),),
    (
        step(
            "To take it back, make the former one the primary replica again:",
            cmd.SET_PRIMARY_REPLICA.replace('\\"{location}\\"', '\\"FORMER_LOCATION\\"'),
        ),
    ),
)
EXTERNAL_DATA: Final = Request(
    (cmd.SHOW_TABLE,),
    (step("For a bucket, let the account read its files (sourceUris names it):", cmd.GRANT_BUCKET), _COPY),
    (step(REVOKE, cmd.GRANT_BUCKET.replace(" add-", " remove-")), _DROP),
)
CONNECTION_DENIED: Final = Request(
    (cmd.LIST_CONNECTIONS,), (step(GRANT, cmd.GRANT_CONNECTION),), (step(REVOKE, cmd.REVOKE_CONNECTION),)
)
CONNECTION_MISSING: Final = Request(
    (cmd.SHOW_TABLE, cmd.LIST_CONNECTIONS),
    (
        step(
            "Make the connection again, under the name that the table uses; its kind is that of before:",
            "bq mk --connection --connection_type=CLOUD_RESOURCE --project_id={project} --location={location} "
            "CONNECTION_ID",
        ),
    ),
    (step("To take it back, delete it:", "bq rm --connection {data_connection}"),),
)
READ_SESSION: Final = Request(
    (cmd.SHOW_POLICY,), (step(GRANT, cmd.GRANT_READ_SESSION),), (step(REVOKE, cmd.REVOKE_READ_SESSION),)
)
PARTITION_FILTER: Final = Request(
    (cmd.SHOW_TABLE,),
    (step("Switch the demand for a filter off:", cmd.NO_PARTITION_FILTER),),
    (step("To take it back, switch it on again:", cmd.PARTITION_FILTER),),
)
STALE: Final = Request(
    (cmd.SHOW_TABLE,),
    (step("Allow older changes:", cmd.SET_STALENESS),),
    (
        step(
            "To take it back, set the former interval (maxStaleness) again:",
            cmd.SET_STALENESS.replace("INTERVAL 4 HOUR", "INTERVAL FORMER_MINUTES MINUTE"),
        ),
    ),
)
REGION_VIEW: Final = Request(
    (cmd.SHOW_POLICY,),
    (step("For the whole region's metadata:", cmd.GRANT_METADATA_VIEWER),),
    (step(REVOKE, cmd.GRANT_METADATA_VIEWER.replace(" add-", " remove-")),),
)
ACCESS_LIST: Final = Request(
    (cmd.SHOW_DATASET,),
    (
        step(GRANT, cmd.GRANT_METADATA_VIEWER_DATASET),
        step("Or, if a custom role is used, add both permissions to it; ROLE_ID is its name:", cmd.WIDEN_ROLE_READ),
    ),
    (
        step(REVOKE, cmd.REVOKE_OPERATOR_DATASET.replace("{role}", "roles/bigquery.metadataViewer")),
        step("To take the added permission away from the custom role again:", cmd.NARROW_ROLE_READ),
    ),
)
OTHER_VIEW: Final = _other(cmd.SHOW_TABLE, _VIEW)
OTHER_COPY: Final = _other(cmd.SHOW_TABLE, _COPY)
BROKEN_VIEW: Final = _other(cmd.SHOW_VIEW, _VIEW)

REQUESTS: Final[Mapping[str, Request]] = {
    **base.REQUESTS,
    "KBQ-CMEK-KEY": CMEK_KEY,
    "KBQ-CMEK-KEY-OFF": CMEK_KEY_OFF,
    "KBQ-CMEK-REQUIRED": CMEK_REQUIRED,
    "KBQ-GOOGLE-AGENT": GOOGLE_AGENT,
    "KBQ-REPLICA-READ-ONLY": REPLICA,
    "KBQ-OMNI": OTHER_COPY,
    "KBQ-EXTERNAL-DATA": EXTERNAL_DATA,
    "KBQ-FEDERATED": OTHER_COPY,
    "KBQ-DATA-CONNECTION-DENIED": CONNECTION_DENIED,
    "KBQ-DATA-CONNECTION-MISSING": CONNECTION_MISSING,
    "KBQ-READ-SESSION-DENIED": READ_SESSION,
    "KBQ-PARTITION-FILTER": PARTITION_FILTER,
    "KBQ-VIEW-BROKEN": BROKEN_VIEW,
    "KBQ-COLUMNS-DUPLICATE": OTHER_VIEW,
    "KBQ-TOO-MANY-COLUMNS": OTHER_VIEW,
    "KBQ-TABLE-STALE": STALE,
    "KBQ-REGION-VIEW": REGION_VIEW,
    "KBQ-ACCESS-LIST-DENIED": ACCESS_LIST,
    "KBQ-KLAVIYO-FORMAT": OTHER_VIEW,
    "KBQ-CLOCK-UNUSABLE": base.REQUESTS["KBQ-CLOCK-SKEW"],
}
"""By the code of the problem: those of `requests`, and these."""
