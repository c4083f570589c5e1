"""What has to be allowed besides the table itself before its rows are read: files, keys, policy tags."""

from typing import Any

from kbq_tui.sandbox.bigquery import encryption, refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.usage import ReadColumns
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
EXTERNAL = "externalDataConfiguration"
_FINE_GRAINED = "datacatalog.categories.fineGrainedGet"
_DRIVE_SCOPES = {"https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/drive.readonly"}


def check_files(session: QuerySession, table: Table) -> None:
    """An external table is read by who may read its files: in Drive, which needs a scope as well, or in a bucket.

    https://cloud.google.com/bigquery/docs/external-tables#access_controls_and_permissions

    Raises:
        ApiError: one of them is missing.
    """
    bucket = table.traits.get("bucket")
    if bucket is not None:
        _check_bucket(session, table, bucket)
    elif table.extra.get(EXTERNAL) and table.traits.get("drive") is None:
        # a table that a caller made: the sandbox has no Cloud Storage, so that there is no such file
        uri = (table.extra[EXTERNAL].get("sourceUris") or [""])[0]
        raise refusals.no_file(str(uri))
    drive = table.traits.get("drive")
    if drive is None:
        return
    has_scope = not session.principal.scopes or bool(session.principal.scopes & _DRIVE_SCOPES)
    if not has_scope or session.principal.email not in drive.get("shared_with", []):
        raise refusals.denied("BigQuery BigQuery: Permission denied while getting Drive credentials.")


def check_key(session: QuerySession, table: Table) -> None:
    """A table under a key of the customer's is read only while BigQuery's agent may use the key.

    Raises:
        ApiError: it may not.
    """
    encryption.require_key(session.ctx, session.world.projects[table.project_id], encryption.key_of(table), "Decrypt")


def _check_bucket(session: QuerySession, table: Table, bucket: JSON) -> None:
    """Refuses who may not read the bucket, in the words recorded by cal-itp/data-infra#4131."""
    if session.principal.email in bucket.get("readers", []):
        return
    uri = str(bucket.get("uri", ""))
    what, thing = ("list", "bucket") if "*" in uri else ("get", "object")
    raise refusals.denied(
        "BigQuery BigQuery: Permission denied while globbing file pattern. "
        f"{session.principal.email} does not have storage.objects.{what} access to the Google Cloud Storage {thing}. "
        f"Permission 'storage.objects.{what}' denied on resource (or it may not exist). Please make sure {uri} is "
        "accessible via appropriate IAM roles, e.g. Storage Object Viewer or Storage Object Creator."
    )


def check_tags(session: QuerySession, table: Table, columns: ReadColumns) -> None:
    """ReadColumns under a policy tag are read by its fine-grained readers only.

    Raises:
        ApiError: one is read that may not be.
    """
    tags: dict[str, str] = table.traits.get("policy_tags", {})
    project = session.world.projects[table.project_id]
    if not tags or session.ctx.authz.allowed(session.principal, _FINE_GRAINED, project):
        return
    for column, tag in tags.items():
        if column in columns:
            place = f"{table.project_id}.{table.dataset_id}.{table.table_id}.{column}"
            raise refusals.denied(
                "BigQuery BigQuery: User has neither fine-grained reader nor masked get permission to get data "
                f'protected by policy tag "{tag}" on column {place}.'
            )
