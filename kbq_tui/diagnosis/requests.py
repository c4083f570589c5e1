"""What to ask of somebody else, problem by problem, where the step is none of the set-up's own: look, change, undo.

Steps as in the remedies of the catalogue: a sentence, below it commands. Blanks as in `catalogue_base`; what nobody can
know stands in capitals. None of it is ever run by this program. Sources: `gcloud … --help`, `bq help`, and
https://cloud.google.com/vpc-service-controls/docs/ingress-egress-rules,
https://cloud.google.com/iam/docs/deny-access, https://cloud.google.com/bigquery/docs/authorized-views,
https://cloud.google.com/bigquery/docs/column-level-security, https://cloud.google.com/bigquery/docs/external-data-drive
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from kbq_tui.shell import commands as cmd


class Request(NamedTuple):
    """Steps for somebody else.

    Attributes:
        look: commands that change nothing.
        do: steps that change something; where there is no command, what to click.
        undo: steps that take those back.
    """

    look: tuple[str, ...]
    do: tuple[str, ...]
    undo: tuple[str, ...]


LOOK: Final = "Look first; this changes nothing:"
RESTORE: Final = (
    "To take it back, restore the policy as soon as the one thing is made. If the project had a policy of its own "
    "before, set that one again instead:"
)
GRANT: Final = "Grant it:"
REVOKE: Final = "To take it back, take the role away again:"
DROP: Final = "To take it back, drop it; the table it was made of stays:"


def step(sentence: str, *commands: str) -> str:
    """Return a step of a request or a remedy."""
    return "\n".join((sentence, *commands))


def remedy(request: Request) -> tuple[str, ...]:
    """Return a request as steps of a remedy."""
    return (step(LOOK, *request.look), *request.do, *request.undo)


def _role(look: str, grant: str) -> Request:
    """Return the request for one role; what grants it on a project or an account takes it away with another word."""
    return Request((look,), (step(GRANT, grant),), (step(REVOKE, grant.replace(" add-iam", " remove-iam")),))


def _on_dataset(grants: Mapping[str, str], sentence: str = GRANT) -> Request:
    """Return the request for grants on a dataset, by what takes each away."""
    return Request((cmd.SHOW_DATASET,), (step(sentence, *grants),), (step(REVOKE, *grants.values()),))


def _as_operator(role: str) -> Request:
    """Return the request for a role of the operator's own on a dataset."""
    grant, revoke = cmd.GRANT_OPERATOR_DATASET, cmd.REVOKE_OPERATOR_DATASET
    return _on_dataset({grant.replace("{role}", role): revoke.replace("{role}", role)})


def _life(unset: str, set_again: str) -> Request:
    """Return the request to take a default expiration off a dataset."""
    return Request(
        (cmd.SHOW_DATASET,),
        (step("Take the expiration off:", unset),),
        (step("To take it back, set it again:", set_again),),
    )


def _own_thing(look: str, *make: str) -> Request:
    """Return the request for a table or view of its own beside the one that will not do."""
    return Request((look,), make, (step(DROP, cmd.DROP_COPY),))


_EITHER: Final = {cmd.GRANT_VIEWER: cmd.REVOKE_VIEWER, cmd.GRANT_EDITOR: cmd.REVOKE_EDITOR}
_WHICH: Final = "Grant the one it needs; Viewer where Klaviyo reads, Editor where it writes:"
_ACCOUNT: Final = Request(
    (cmd.SHOW_ACCOUNT,),
    (step("If it does not exist, create it:", cmd.CREATE_ACCOUNT),),
    (step("To take it back, delete it, if it was made for this:", cmd.DELETE_ACCOUNT),),
)
_CLOCK: Final = Request(
    ("date -u",),
    (step("Switch network time on:", "sudo timedatectl set-ntp true"),),
    (step("To take it back, switch it off again:", "sudo timedatectl set-ntp false"),),
)
_VIEW: Final = "Offer Klaviyo a view that has what it needs, under a plain name:"
_SHOW_TABLE: Final = "bq show --format=prettyjson {project}:{dataset}.{table}"
_LIST_TABLES: Final = "bq ls {project}:{dataset}"

_PERIMETER: Final = "gcloud access-context-manager perimeters {verb} PERIMETER_ID --policy=ACCESS_POLICY_ID"
_SET_INGRESS: Final = _PERIMETER.replace("{verb}", "update") + " --set-ingress-policies="
VPC_SC: Final = Request(
    (
        "gcloud logging read 'protoPayload.metadata.vpcServiceControlsUniqueId=\"{vpc_sc_id}\"' --project={project}",
        "gcloud projects describe {project} --format='value(projectNumber)'",
        "gcloud access-context-manager policies list --organization=ORGANIZATION_ID",
        "gcloud access-context-manager perimeters list --policy=ACCESS_POLICY_ID",
    ),
    (
        step(
            "Save the ingress rules there are:",
            _PERIMETER.replace("{verb}", "describe")
            + " --format='yaml(status.ingressPolicies)' | sed 1,2d > klaviyo-before.yaml",
        ),
        step(
            "Add one rule to them: this service account, BigQuery, this project, nothing else:",
            # Indented as gcloud prints the rules that are there.
            "printf '  - ingressFrom:\\n      identities:\\n      - serviceAccount:{account}\\n      sources:\\n"
            '      - accessLevel: "*"\\n    ingressTo:\\n      operations:\\n'
            '      - serviceName: bigquery.googleapis.com\\n        methodSelectors:\\n        - method: "*"\\n'
            "      resources:\\n      - projects/{project_number}\\n' "
            "| cat klaviyo-before.yaml - > klaviyo-ingress.yaml",
            _SET_INGRESS + "klaviyo-ingress.yaml",
        ),
    ),
    (
        step(
            "To take it back, set the saved rules again; if somebody changed others since, "
            "take out the one rule instead:",
            _SET_INGRESS + "klaviyo-before.yaml",
        ),
        step(
            "To take it back where the saved file is empty, for there were no rules:",
            _PERIMETER.replace("{verb}", "update") + " --clear-ingress-policies",
        ),
    ),
)

_AT: Final = "--attachment-point=cloudresourcemanager.googleapis.com/projects/{project} --kind=denypolicies"
_GET_DENY: Final = f"gcloud iam policies get DENY_POLICY_ID {_AT}"
_SET_DENY: Final = f"gcloud iam policies update DENY_POLICY_ID {_AT} --policy-file="
DENY: Final = Request(
    (f"gcloud iam policies list {_AT}", "gcloud projects get-ancestors {project}"),
    (
        step(
            "Save the policy that denies {permission}; where it is attached to a folder or the organization, "
            "name that as attachment point:",
            f"{_GET_DENY} --format=json > klaviyo-before.json",
            "cp klaviyo-before.json klaviyo-deny.json",
        ),
        step(
            "In klaviyo-deny.json add {operator_principal} to exceptionPrincipals of that rule, change nothing else, "
            "and set it:",
            _SET_DENY + "klaviyo-deny.json",
        ),
    ),
    (
        step(
            "To take it back, set the saved policy again:",
            f"{_SET_DENY}klaviyo-before.json --etag=\"$({_GET_DENY} --format='value(etag)')\"",
        ),
    ),
)

ORG_POLICY: Final = Request(
    (cmd.EFFECTIVE_POLICY, cmd.DESCRIBE_POLICY),
    (
        step(
            "If the answer has enforce, it is on or off. Make an exception at this one project (or by a tag on it):",
            cmd.LIFT_POLICY,
        ),
        step("If it lists values, make the exception at this one project so:", cmd.ALLOW_ALL),
    ),
    (
        step(
            RESTORE,
            cmd.RESTORE_POLICY,
        ),
    ),
)
EXPIRY: Final = Request(
    (cmd.on_constraint(cmd.EFFECTIVE_POLICY, cmd.EXPIRY), cmd.on_constraint(cmd.DESCRIBE_POLICY, cmd.EXPIRY)),
    (
        step(
            "Make an exception at this one project, never for the whole organization; it counts for keys made from "
            "then on:",
            cmd.on_constraint(cmd.ALLOW_ALL, cmd.EXPIRY),
        ),
    ),
    (
        step(
            RESTORE,
            cmd.on_constraint(cmd.RESTORE_POLICY, cmd.EXPIRY),
        ),
    ),
)

_TAG: Final = "POLICY_TAG_ID --taxonomy=TAXONOMY_ID --location=TAG_LOCATION --project={project}"
_TAG_ROLE: Final = (
    f"gcloud data-catalog taxonomies policy-tags {{verb}} {_TAG} --member=serviceAccount:{{account}} "
    "--role=roles/datacatalog.categoryFineGrainedReader"
)
POLICY_TAG: Final = Request(
    (
        "bq show --schema --format=prettyjson {project}:{dataset}.{table}",
        f"gcloud data-catalog taxonomies policy-tags get-iam-policy {_TAG}",
    ),
    (
        step(
            "Let the service account read what the tag protects; the table's schema names location, taxonomy and tag:",
            _TAG_ROLE.replace("{verb}", "add-iam-policy-binding"),
        ),
    ),
    (step(REVOKE, _TAG_ROLE.replace("{verb}", "remove-iam-policy-binding")),),
)

DRIVE: Final = Request(
    (_SHOW_TABLE,),
    (
        step(
            "Copy the data into a table of BigQuery's own, and give Klaviyo that; gcloud needs the Drive scope for it:",
            "gcloud auth login --enable-gdrive-access",
            cmd.COPY_TABLE,
        ),
        "Or, by hand, share the file (its address is in sourceUris): open it in Google Drive, Share, add {account} as "
        "Viewer, Send. There is no command for that.",
    ),
    (
        step("To take it back, drop the copy; the file in Drive stays:", cmd.DROP_COPY),
        "To take the sharing back, open the file in Google Drive, Share, choose Remove access beside {account}, Save.",
    ),
)

_SOURCE: Final = "{source_dataset}"
VIEW_SOURCE: Final = Request(
    (_SHOW_TABLE, cmd.SHOW_DATASET.replace("{dataset}", _SOURCE)),
    (
        "Authorize the view, by hand: in the console open BigQuery, dataset {source_dataset}, Sharing, "
        "Authorize views, enter {project}.{dataset}.{table}, Add authorization, Close.",
        step(
            "Or grant the account Data Viewer on that dataset:",
            cmd.GRANT_VIEWER.replace("{dataset}", _SOURCE),
        ),
    ),
    (
        "To take the authorization back: the same place, Remove authorization beside the view, Close.",
        step(REVOKE, cmd.REVOKE_VIEWER.replace("{dataset}", _SOURCE)),
    ),
)

QUOTA_PROJECT: Final = _role(
    cmd.SHOW_POLICY.replace("{project}", "{consumer}"),
    cmd.GRANT_OPERATOR.replace("{project}", "{consumer}").replace("{role}", "roles/serviceusage.serviceUsageConsumer"),
)
IMPERSONATION: Final = _role(
    "gcloud iam service-accounts get-iam-policy {account} --project={project}",
    "gcloud iam service-accounts add-iam-policy-binding {account} --member={operator_member} "
    "--role=roles/iam.serviceAccountTokenCreator --project={project}",
)
ROW_POLICY: Final = Request(
    ("bq ls --row_access_policies {project}:{dataset}.{table}",),
    (
        step(
            "Let the service account read the rows it shall have; TRUE is all of them:",
            cmd.SQL + "'CREATE ROW ACCESS POLICY klaviyo ON `{project}.{dataset}.{table}` GRANT TO "
            '("serviceAccount:{account}") FILTER USING (TRUE)\'',
        ),
    ),
    (
        step(
            "To take it back, drop that policy, and no other:",
            cmd.SQL + "'DROP ROW ACCESS POLICY klaviyo ON `{project}.{dataset}.{table}`'",
        ),
    ),
)

_LET_IN: Final = (
    "By hand: take the account out of the group, or the role away from the group or from everybody, and write down "
    "which it was; this shows who is let in:"
)

REQUESTS: Final[Mapping[str, Request]] = {
    "KBQ-VPC-SC": VPC_SC,
    "KBQ-DENY-POLICY": DENY,
    "KBQ-ORG-POLICY": ORG_POLICY,
    "KBQ-KEY-EXPIRY-POLICY": EXPIRY,
    "KBQ-POLICY-TAG": POLICY_TAG,
    "KBQ-DRIVE": DRIVE,
    "KBQ-VIEW-SOURCE": VIEW_SOURCE,
    "KBQ-QUOTA-PROJECT": QUOTA_PROJECT,
    "KBQ-IMPERSONATION-DENIED": IMPERSONATION,
    "KBQ-ROW-POLICY": ROW_POLICY,
    "KBQ-ACCESS-UNREAD": _as_operator("roles/bigquery.metadataViewer"),
    "KBQ-TABLES-EXPIRE": _life(cmd.UNSET_TABLE_LIFE, cmd.SET_TABLE_LIFE),
    "KBQ-PARTITIONS-EXPIRE": _life(cmd.UNSET_PARTITION_LIFE, cmd.SET_PARTITION_LIFE),
    "KBQ-PUBLIC-DATASET": Request(
        (cmd.SHOW_DATASET,),
        (step("Take it away:", cmd.REVOKE_PUBLIC),),
        (step("To take it back, grant it again:", cmd.GRANT_PUBLIC),),
    ),
    "KBQ-LAST-OWNER": _as_operator("roles/bigquery.dataOwner"),
    "KBQ-PERMISSION-MISSING": _role(cmd.SHOW_POLICY, cmd.GRANT_OPERATOR),
    "KBQ-NOT-PERMITTED": _role(cmd.SHOW_POLICY, cmd.GRANT_OPERATOR),
    "KBQ-PROJECT-NOT-FOUND": _role(cmd.SHOW_PROJECT, cmd.GRANT_OPERATOR.replace("{role}", "roles/browser")),
    "KBQ-STATE-UNKNOWN": _role(cmd.SHOW_POLICY, cmd.GRANT_OPERATOR.replace("{role}", "roles/viewer")),
    "KBQ-ROLE-LEVEL": _role(cmd.SHOW_POLICY, cmd.GRANT_JOB_USER),
    "KBQ-GCLOUD-DATASET-FLAG": _on_dataset(_EITHER, _WHICH),
    "KBQ-DATASET-NOT-VISIBLE": _on_dataset(_EITHER, _WHICH),
    "KBQ-GRANT-MISSING": _on_dataset({cmd.GRANT_DATASET: cmd.REVOKE_DATASET}),
    "KBQ-OVER-GRANT": Request(
        (cmd.SHOW_POLICY, cmd.SHOW_DATASET),
        (
            step("If it is held on the project, take it away:", cmd.REVOKE_PROJECT),
            step("If it is held on a dataset, take it away there:", cmd.REVOKE_DATASET),
            step("If it is held on a table or view alone, take it away there:", cmd.REVOKE_TABLE),
        ),
        (
            step("To take it back where it was held on the project:", cmd.GRANT_PROJECT),
            step("To take it back where it was held on a dataset:", cmd.GRANT_DATASET),
            step("To take it back where it was held on a table or view alone:", cmd.GRANT_TABLE),
        ),
    ),
    "KBQ-CONDITIONAL-GRANT": Request(
        (cmd.SHOW_POLICY, cmd.SHOW_DATASET),
        (
            step("If it is held on the project, grant it there:", cmd.GRANT_PROJECT),
            step("If it is held on a dataset, grant it there:", cmd.GRANT_DATASET),
            step("If it is held on a table or view alone, grant it there:", cmd.GRANT_TABLE),
        ),
        (
            step("To take it back where it was held on the project:", cmd.REVOKE_PROJECT),
            step("To take it back where it was held on a dataset:", cmd.REVOKE_DATASET),
            step("To take it back where it was held on a table or view alone:", cmd.REVOKE_TABLE),
        ),
    ),
    "KBQ-INHERITED-ACCESS": Request(
        (cmd.SHOW_ALL_POLICIES,),
        tuple(step(_LET_IN, command) for command in (cmd.SHOW_ALL_POLICIES, cmd.SHOW_DATASET, cmd.SHOW_TABLE_POLICY)),
        ("To take it back, put the account into the group again, or grant the role again to whom it was taken from.",)
        * 3,
    ),
    "KBQ-BILLING-OFF": Request(
        (cmd.SHOW_BILLING, "gcloud billing accounts list"),
        (step("Link a billing account:", cmd.LINK_BILLING),),
        (
            step(
                "To take it back, unlink it; if another one was linked before, link that again instead:",
                cmd.UNLINK_BILLING,
            ),
        ),
    ),
    "KBQ-ACCOUNT-NOT-VISIBLE": _ACCOUNT,
    "KBQ-ACCOUNT-GONE": _ACCOUNT,
    "KBQ-ACCOUNT-DISABLED": Request(
        (cmd.SHOW_ACCOUNT,),
        (step("Turn it on, unless there was a reason:", cmd.ENABLE_ACCOUNT),),
        (step("To take it back, turn it off again:", cmd.DISABLE_ACCOUNT),),
    ),
    "KBQ-KEY-DISABLED": Request(
        (cmd.LIST_KEYS,),
        (step("Turn it on, unless there was a reason:", cmd.ENABLE_KEY),),
        (step("To take it back, turn it off again:", cmd.DISABLE_KEY),),
    ),
    "KBQ-KEY-DEAD": Request(
        (cmd.LIST_KEYS,),
        (step("Create a new key:", cmd.CREATE_KEY),),
        (step("To take it back, delete the key that was made; the list has its ID:", cmd.LIST_KEYS, cmd.DELETE_KEY),),
    ),
    "KBQ-TOMBSTONE": Request(
        (cmd.SHOW_DATASET,),
        (
            step("Save the description:", f"{cmd.SHOW_DATASET} > dataset.json"),
            step(
                "Take the entry that begins with deleted, and no other, out of its access list, and write it back:",
                "bq update --source dataset.json {project}:{dataset}",
            ),
        ),
        (
            "Taking it back is neither possible nor needed: the account that the entry names does not exist, so it "
            "lets nobody in.",
        ),
    ),
    "KBQ-CLOCK-SKEW": _CLOCK,
    "KBQ-CLOCK-UNUSABLE": _CLOCK,
    "KBQ-TWO-LOCATIONS": Request(
        (cmd.SHOW_DATASET, _LIST_TABLES),
        (
            step(
                "If the one that lies elsewhere is empty, make it anew in the right location:",
                cmd.DELETE_DATASET,
                cmd.CREATE_DATASET,
            ),
        ),
        (
            step(
                "To take it back, make it anew where it was:",
                cmd.DELETE_DATASET,
                cmd.CREATE_DATASET.replace("{location}", "FORMER_LOCATION"),
            ),
        ),
    ),
    "KBQ-TABLE-NAME": _own_thing(_LIST_TABLES, step(_VIEW, cmd.CREATE_VIEW)),
    "KBQ-QUERY-INVALID": _own_thing(_SHOW_TABLE, step(_VIEW, cmd.CREATE_VIEW)),
    "KBQ-NOTHING-TO-READ": _own_thing(_LIST_TABLES, step(_VIEW, cmd.CREATE_VIEW)),
    "KBQ-QUERY-TOO-BIG": _own_thing(
        _SHOW_TABLE, step("Store the result of the view as a table, and give Klaviyo that:", cmd.COPY_TABLE)
    ),
    "KBQ-TABLE-NOT-FOUND": Request(
        (_LIST_TABLES,),
        (
            step(
                "Bring it back as it was an hour ago; up to seven days are kept, counted in milliseconds:",
                "bq cp {project}:{dataset}.{table}@-3600000 {project}:{dataset}.{table}",
            ),
        ),
        (step("To take it back, drop it again:", "bq rm -t {project}:{dataset}.{table}"),),
    ),
    "KBQ-DATASET-NOT-EMPTY": Request(
        (_LIST_TABLES,),
        (step("Delete what nobody needs, then the dataset:", cmd.DROP_TABLE, cmd.DELETE_DATASET),),
        (
            step(
                "To take it back within seven days, restore the dataset, then a table as it was an hour ago:",
                cmd.SQL + "'UNDROP SCHEMA `{project}.{dataset}`'",
                "bq cp {project}:{dataset}.{table}@-3600000 {project}:{dataset}.{table}",
            ),
        ),
    ),
    "KBQ-QUOTA-EXCEEDED": Request(
        ("gcloud beta quotas info list --service=bigquery.googleapis.com --project={project}",),
        (
            "By hand: open https://console.cloud.google.com/iam-admin/quotas?project={project}, choose the quota that "
            "Google's words name, Edit, enter the new value, Submit request.",
        ),
        ("To take it back: the same place, Edit, enter the value from before, Submit request.",),
    ),
}
"""By the code of the problem."""
