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
KEEP_PARTITIONS: Final = "bq update --time_partitioning_expiration 0 {project}:{dataset}.{table}"

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
REVOKE_PUBLIC: Final = SQL + "'REVOKE `{role}` ON SCHEMA `{project}.{dataset}` FROM \"{grantee}\"'"
GRANT_PUBLIC: Final = SQL + "'GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO \"{grantee}\"'"
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

# Beyond what the set-up itself does: encryption keys, connections, external data, tables that queries cannot use.
# Sources: `gcloud kms keys add-iam-policy-binding --help`, `bq help add-iam-policy-binding`, and
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
SHOW_ENCRYPTION_AGENT: Final = "bq show --encryption_service_account --project_id={project}"
SHOW_KMS_KEY: Final = "gcloud kms keys describe {kms_key}"
LIST_KMS_VERSIONS: Final = "gcloud kms keys versions list --key={kms_key}"
ENABLE_KMS_VERSION: Final = "gcloud kms keys versions enable VERSION --key={kms_key}"
DISABLE_KMS_VERSION: Final = "gcloud kms keys versions disable VERSION --key={kms_key}"
GRANT_KMS_KEY: Final = (
    "gcloud kms keys add-iam-policy-binding {kms_key} --member=serviceAccount:{agent} "
    "--role=roles/cloudkms.cryptoKeyEncrypterDecrypter"
)
REVOKE_KMS_KEY: Final = GRANT_KMS_KEY.replace(" add-", " remove-")
SET_DEFAULT_KMS_KEY: Final = (
    SQL + "'ALTER PROJECT `{project}` SET OPTIONS (`region-{location}.default_kms_key_name` = \"{kms_key}\")'"
)
UNSET_DEFAULT_KMS_KEY: Final = (
    SQL + "'ALTER PROJECT `{project}` SET OPTIONS (`region-{location}.default_kms_key_name` = NULL)'"
)
LIST_REPLICAS: Final = (
    SQL + "'SELECT location, replica_primary_assigned FROM `{project}`.`region-{location}`."  # noqa: S608
    'INFORMATION_SCHEMA.SCHEMATA_REPLICAS WHERE schema_name = "{dataset}"\''
)
SET_PRIMARY_REPLICA: Final = SQL + "'ALTER SCHEMA `{project}.{dataset}` SET OPTIONS (primary_replica = \"{location}\")'"
SHOW_TABLE: Final = "bq show --format=prettyjson {project}:{dataset}.{table}"
SHOW_VIEW: Final = "bq show --view {project}:{dataset}.{table}"
GRANT_BUCKET: Final = (
    "gcloud storage buckets add-iam-policy-binding gs://{bucket} --member=serviceAccount:{account} "
    "--role=roles/storage.objectViewer"
)
GRANT_CONNECTION: Final = (
    "bq add-iam-policy-binding --connection=true --member=serviceAccount:{account} "
    "--role=roles/bigquery.connectionUser {data_connection}"
)
REVOKE_CONNECTION: Final = GRANT_CONNECTION.replace(" add-", " remove-")
LIST_CONNECTIONS: Final = "bq ls --connection --project_id={project} --location={location}"
GRANT_READ_SESSION: Final = GRANT_PROJECT.replace("{role}", "roles/bigquery.readSessionUser")
REVOKE_READ_SESSION: Final = REVOKE_PROJECT.replace("{role}", "roles/bigquery.readSessionUser")
_ALTER_TABLE: Final = SQL + "'ALTER TABLE `{project}.{dataset}.{table}` SET OPTIONS ("
NO_PARTITION_FILTER: Final = _ALTER_TABLE + "require_partition_filter = FALSE)'"
PARTITION_FILTER: Final = _ALTER_TABLE + "require_partition_filter = TRUE)'"
SET_STALENESS: Final = _ALTER_TABLE + "max_staleness = INTERVAL 4 HOUR)'"
COUNT_ROWS: Final = SQL + "'SELECT COUNT(*) FROM `{project}.{dataset}.{table}`'"  # noqa: S608
GRANT_METADATA_VIEWER: Final = GRANT_OPERATOR.replace("{role}", "roles/bigquery.metadataViewer")
GRANT_METADATA_VIEWER_DATASET: Final = GRANT_OPERATOR_DATASET.replace("{role}", "roles/bigquery.metadataViewer")
# Source: `gcloud iam roles update --help`
_WIDEN_ROLE: Final = "gcloud iam roles update ROLE_ID --project={project} --add-permissions="
WIDEN_ROLE_READ: Final = _WIDEN_ROLE + "bigquery.datasets.get,bigquery.datasets.getIamPolicy"
WIDEN_ROLE_WRITE: Final = _WIDEN_ROLE + "bigquery.datasets.update,bigquery.datasets.setIamPolicy"
NARROW_ROLE_READ: Final = (
    "gcloud iam roles update ROLE_ID --project={project} --remove-permissions=bigquery.datasets.getIamPolicy"
)
GRANT_RESOURCE_VIEWER: Final = GRANT_OPERATOR.replace("{role}", "roles/bigquery.resourceViewer")
PLAIN_COPY: Final = (
    "(umask 077; python3 -c 'import json, sys; json.dump(json.load(open(sys.argv[1], \"rb\")), sys.stdout, indent=2)' "
    "{path} > plain-key.json)"
)
"""json.load takes bytes in UTF-8 or UTF-16, with a mark or without, and json.dump writes neither."""
