"""The commands that remedies and hand-offs name, each written once. Blanks as in `catalogue_base`.

Sources: `gcloud … --help` and `bq help` of the Google Cloud SDK, and
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language
"""

from typing import Final

ENABLE_API: Final = "gcloud services enable {service} --project={project}"
DISABLE_API: Final = "gcloud services disable {service} --project={project}"

CREATE_DATASET: Final = "bq --project_id={project} --location={location} mk --dataset {project}:{dataset}"
# Without -r it refuses a dataset that has tables: an undo must not take data along.
DELETE_DATASET: Final = "bq rm -d {project}:{dataset}"
SHOW_DATASET: Final = "bq show --format=prettyjson {project}:{dataset}"
UNSET_TABLE_LIFE: Final = "bq update --default_table_expiration 0 {project}:{dataset}"
SET_TABLE_LIFE: Final = "bq update --default_table_expiration {seconds} {project}:{dataset}"
UNSET_PARTITION_LIFE: Final = "bq update --default_partition_expiration 0 {project}:{dataset}"
SET_PARTITION_LIFE: Final = "bq update --default_partition_expiration {seconds} {project}:{dataset}"
KEEP_TABLE: Final = "bq update --expiration 0 {project}:{dataset}.{table}"
LIST_DATASETS: Final = "bq ls --project_id={project} --datasets"

CREATE_ACCOUNT: Final = (
    "gcloud iam service-accounts create {account_id} --project={project} --display-name=KLAVIYO_DATA_TRANSFER_USER"
)
DELETE_ACCOUNT: Final = "gcloud iam service-accounts delete {account} --project={project}"
SHOW_ACCOUNT: Final = "gcloud iam service-accounts describe {account} --project={project}"
ENABLE_ACCOUNT: Final = "gcloud iam service-accounts enable {account} --project={project}"
DISABLE_ACCOUNT: Final = "gcloud iam service-accounts disable {account} --project={project}"

LIST_KEYS: Final = "gcloud iam service-accounts keys list --iam-account={account} --managed-by=user --project={project}"
CREATE_KEY: Final = (
    "gcloud iam service-accounts keys create {account_id}.json --iam-account={account} --project={project}"
)
DELETE_KEY: Final = "gcloud iam service-accounts keys delete {key_id} --iam-account={account} --project={project}"
DISABLE_KEY: Final = "gcloud iam service-accounts keys disable {key_id} --iam-account={account} --project={project}"
ENABLE_KEY: Final = "gcloud iam service-accounts keys enable {key_id} --iam-account={account} --project={project}"

GRANT_JOB_USER: Final = (
    "gcloud projects add-iam-policy-binding {project} --member=serviceAccount:{account} "
    "--role=roles/bigquery.jobUser --condition=None"
)
GRANT_PROJECT: Final = (
    "gcloud projects add-iam-policy-binding {project} --member=serviceAccount:{account} --role={role} --condition=None"
)
REVOKE_PROJECT: Final = (
    "gcloud projects remove-iam-policy-binding {project} --member=serviceAccount:{account} "
    "--role={role} --condition=None"
)
GRANT_OPERATOR: Final = (
    "gcloud projects add-iam-policy-binding {project} --member={operator_member} --role={role} --condition=None"
)

REVOKE_OPERATOR: Final = GRANT_OPERATOR.replace(" add-", " remove-")
GRANT_OPERATOR_ORGANIZATION: Final = (
    "gcloud organizations add-iam-policy-binding ORGANIZATION_ID --member={operator_member} --role={role} "
    "--condition=None"
)
REVOKE_OPERATOR_ORGANIZATION: Final = GRANT_OPERATOR_ORGANIZATION.replace(" add-", " remove-")

SQL: Final = "bq query --project_id={project} --location={location} --use_legacy_sql=false "
GRANT_DATASET: Final = SQL + "'GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO \"serviceAccount:{account}\"'"
GRANT_OPERATOR_DATASET: Final = SQL + "'GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO \"{operator_member}\"'"
REVOKE_OPERATOR_DATASET: Final = SQL + "'REVOKE `{role}` ON SCHEMA `{project}.{dataset}` FROM \"{operator_member}\"'"
REVOKE_DATASET: Final = SQL + "'REVOKE `{role}` ON SCHEMA `{project}.{dataset}` FROM \"serviceAccount:{account}\"'"
REVOKE_PUBLIC: Final = SQL + "'REVOKE `{role}` ON SCHEMA `{project}.{dataset}` FROM \"specialGroup:{member}\"'"
GRANT_PUBLIC: Final = SQL + "'GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO \"specialGroup:{member}\"'"
REVOKE_TABLE: Final = (
    "bq remove-iam-policy-binding --member=serviceAccount:{account} --role={role} --table=true "
    "{project}:{dataset}.{table}"
)
GRANT_TABLE: Final = REVOKE_TABLE.replace(" remove-", " add-")
GRANT_VIEWER: Final = GRANT_DATASET.replace("{role}", "roles/bigquery.dataViewer")
GRANT_EDITOR: Final = GRANT_DATASET.replace("{role}", "roles/bigquery.dataEditor")

REVOKE_VIEWER: Final = REVOKE_DATASET.replace("{role}", "roles/bigquery.dataViewer")
REVOKE_EDITOR: Final = REVOKE_DATASET.replace("{role}", "roles/bigquery.dataEditor")

CREATE_VIEW: Final = (
    SQL + "'CREATE VIEW `{project}.{dataset}.NEW_NAME` AS SELECT COLUMNS FROM `{project}.{dataset}.{table}`'"  # noqa: S608
)
COPY_TABLE: Final = (
    SQL + "'CREATE TABLE `{project}.{dataset}.NEW_NAME` AS SELECT * FROM `{project}.{dataset}.{table}`'"  # noqa: S608
)
DROP_COPY: Final = "bq rm -t {project}:{dataset}.NEW_NAME"
DROP_TABLE: Final = "bq rm -t {project}:{dataset}.{table}"

DESCRIBE_POLICY: Final = "gcloud org-policies describe {constraint} --project={project}"
EFFECTIVE_POLICY: Final = "gcloud org-policies describe {constraint} --effective --project={project}"
# One line, so that it survives being copied; /dev/stdin because set-policy reads a file only.
LIFT_POLICY: Final = (
    "printf 'name: projects/{project}/policies/{constraint}\\nspec:\\n  rules:\\n  - enforce: false\\n' "
    "| gcloud org-policies set-policy /dev/stdin"
)
# For constraints that list what is allowed.
ALLOW_ALL: Final = LIFT_POLICY.replace("enforce: false", "allowAll: true")
RESTORE_POLICY: Final = "gcloud org-policies delete {constraint} --project={project}"


def on_constraint(template: str, constraint: str) -> str:
    """Return a command for one constraint that is known by name."""
    return template.replace("{constraint}", constraint)


DOMAINS: Final = "iam.allowedPolicyMemberDomains"
MEMBERS: Final = "iam.managed.allowedPolicyMembers"
EXPIRY: Final = "iam.serviceAccountKeyExpiryHours"
LOCATIONS: Final = "gcp.resourceLocations"
LOOK_DOMAINS: Final = tuple(
    on_constraint(t, name) for name in (DOMAINS, MEMBERS) for t in (EFFECTIVE_POLICY, DESCRIBE_POLICY)
)
LIFT_DOMAINS: Final = (on_constraint(ALLOW_ALL, DOMAINS), on_constraint(LIFT_POLICY, MEMBERS))
RESTORE_DOMAINS: Final = (on_constraint(RESTORE_POLICY, DOMAINS), on_constraint(RESTORE_POLICY, MEMBERS))
LOOK_LOCATIONS: Final = (on_constraint(EFFECTIVE_POLICY, LOCATIONS), on_constraint(DESCRIBE_POLICY, LOCATIONS))
LIFT_LOCATIONS: Final = on_constraint(ALLOW_ALL, LOCATIONS)
RESTORE_LOCATIONS: Final = on_constraint(RESTORE_POLICY, LOCATIONS)

SHOW_BILLING: Final = "gcloud billing projects describe {project}"
LINK_BILLING: Final = "gcloud billing projects link {project} --billing-account=BILLING_ACCOUNT_ID"
UNLINK_BILLING: Final = "gcloud billing projects unlink {project}"
LOGIN: Final = "gcloud auth application-default login"
SHOW_LOGIN: Final = "gcloud auth list"
SET_QUOTA_PROJECT: Final = "gcloud auth application-default set-quota-project {project}"
SHOW_POLICY: Final = "gcloud projects get-iam-policy {project}"
SHOW_ALL_POLICIES: Final = "gcloud projects get-ancestors-iam-policy {project}"
SHOW_TABLE_POLICY: Final = "bq get-iam-policy --table=true {project}:{dataset}.{table}"
SEARCH_POLICIES: Final = "gcloud asset search-all-iam-policies --scope=projects/{project} --query=policy:{account}"
SHOW_PROJECT: Final = "gcloud projects describe {project}"
