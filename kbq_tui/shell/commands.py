"""The commands of remedies, hand-offs, plans and exports, each written once, with the command that undoes it.

Fields as in `model.command`; unknown values are placeholders in capitals.

Sources: `gcloud … --help` and `bq help` of the Google Cloud SDK, `gcloud kms keys add-iam-policy-binding --help`, and
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language,
https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language
"""

from typing import Final

from kbq_tui.model.command import Command

LOCATION: Final = "--location={location}"


def ours(line: str) -> Command:
    """Return a command of this program, such as `key list`."""
    return Command(f"kbq-tui {line}")


def _query(statement: str) -> str:
    return f"bq --project_id={{project}} {LOCATION} query --use_legacy_sql=false '{statement}'"


def _sql(statement: str, undo: str = "") -> Command:
    """Return the command that runs a statement without single quotes; `undo` is the statement that undoes it."""
    return Command(_query(statement), (_query(undo),) if undo else (), statement=statement)


def _binding(line: str) -> tuple[Command, Command]:
    """Return the command that adds a member to a role binding, and the one that removes it."""
    add, remove = line.replace("VERB", "add-iam-policy-binding"), line.replace("VERB", "remove-iam-policy-binding")
    return Command(add, (remove,)), Command(remove, (add,))


def _pair(do: str, undo: str) -> tuple[Command, Command]:
    """Return two commands, each of which undoes the other."""
    return Command(do, (undo,)), Command(undo, (do,))


ENABLE_API: Final = Command(
    "gcloud services enable {service} --project={project}", ("gcloud services disable {service} --project={project}",)
)

# Without -r it refuses a dataset that has tables, so the undo deletes no data.
DELETE_DATASET: Final = Command("bq --project_id={project} rm --dataset {project}:{dataset}")
DROP_DATASET: Final = Command("bq --project_id={project} rm --recursive --dataset {project}:{dataset}")
_CREATE_SCHEMA: Final = 'CREATE SCHEMA IF NOT EXISTS `{project}.{dataset}` OPTIONS(location="{location}")'
CREATE_DATASET: Final = Command(_query(_CREATE_SCHEMA), (DELETE_DATASET.template,), statement=_CREATE_SCHEMA)
DROP_VIEW: Final = _sql("DROP VIEW IF EXISTS `{project}.{dataset}.{view}`")
UNDROP_DATASET: Final = _sql("UNDROP SCHEMA `{project}.{dataset}`")
SHOW_DATASET: Final = Command("bq show --format=prettyjson {project}:{dataset}")
UNSET_TABLE_LIFE, _ = _pair(
    "bq update --default_table_expiration 0 {project}:{dataset}",
    "bq update --default_table_expiration {seconds} {project}:{dataset}",
)
UNSET_PARTITION_LIFE, _ = _pair(
    "bq update --default_partition_expiration 0 {project}:{dataset}",
    "bq update --default_partition_expiration {seconds} {project}:{dataset}",
)
KEEP_PARTITIONS: Final = Command("bq update --time_partitioning_expiration 0 {project}:{dataset}.{table}")
KEEP_TABLE: Final = Command("bq update --expiration 0 {project}:{dataset}.{table}")
LIST_DATASETS: Final = Command("bq ls --project_id={project} --datasets")
LIST_JOBS: Final = Command(f"bq --project_id={{project}} {LOCATION} ls --jobs=true --all=true --max_results=20")
LIST_TABLES: Final = Command("bq ls {project}:{dataset}")

DELETE_ACCOUNT: Final = Command("gcloud iam service-accounts delete {account} --project={project}")
CREATE_ACCOUNT: Final = Command(
    "gcloud iam service-accounts create {account_id} --display-name={display_name} --project={project}",
    (DELETE_ACCOUNT.template,),
)
SHOW_ACCOUNT: Final = Command("gcloud iam service-accounts describe {account} --project={project}")
ENABLE_ACCOUNT, _ = _pair(
    "gcloud iam service-accounts enable {account} --project={project}",
    "gcloud iam service-accounts disable {account} --project={project}",
)

LIST_KEYS: Final = Command(
    "gcloud iam service-accounts keys list --iam-account={account} --managed-by=user --project={project}"
)
DELETE_KEY: Final = Command(
    "gcloud iam service-accounts keys delete {key_id} --iam-account={account} --project={project}"
)
CREATE_KEY: Final = Command(
    "gcloud iam service-accounts keys create {key_path} --iam-account={account} --project={project}",
    (LIST_KEYS.template, DELETE_KEY.template),
)
ENABLE_KEY, DISABLE_KEY = _pair(
    "gcloud iam service-accounts keys enable {key_id} --iam-account={account} --project={project}",
    "gcloud iam service-accounts keys disable {key_id} --iam-account={account} --project={project}",
)

GRANT_PROJECT, REVOKE_PROJECT = _binding(
    "gcloud projects VERB {project} --member={role_holder} --role={role} {bindings}"
)
GRANT_JOB_USER: Final = GRANT_PROJECT.using(role="roles/bigquery.jobUser")
GRANT_OPERATOR: Final = GRANT_PROJECT.using(role_holder="{operator_member}")
GRANT_OPERATOR_ORGANIZATION, _ = _binding(
    "gcloud organizations VERB ORGANIZATION_ID --member={operator_member} --role={role} {bindings}"
)

_GRANT: Final = 'GRANT `{role}` ON SCHEMA `{project}.{dataset}` TO "{role_holder}"'
_REVOKE: Final = 'REVOKE `{role}` ON SCHEMA `{project}.{dataset}` FROM "{role_holder}"'
GRANT_DATASET, REVOKE_DATASET = _sql(_GRANT, _REVOKE), _sql(_REVOKE, _GRANT)
GRANT_OPERATOR_DATASET: Final = GRANT_DATASET.using(role_holder="{operator_member}")
REVOKE_PUBLIC: Final = REVOKE_DATASET.using(role_holder="{grantee}")
GRANT_VIEWER: Final = GRANT_DATASET.using(role="roles/bigquery.dataViewer")
GRANT_EDITOR: Final = GRANT_DATASET.using(role="roles/bigquery.dataEditor")
GRANT_CALLER: Final = GRANT_DATASET.using(role="roles/bigquery.metadataViewer")
"""Calling the routines of a dataset needs bigquery.routines.get; of the roles with it, this one cannot read rows.

Sources: https://cloud.google.com/bigquery/docs/routines#permissions,
https://cloud.google.com/bigquery/docs/access-control
"""
SHOW_ROUTINE: Final = Command("bq show --format=prettyjson --routine {project}:{dataset}.{routine}")
GRANT_TABLE, REVOKE_TABLE = _binding(
    "bq --project_id={project} VERB --member={role_holder} --role={role} --table=true {project}:{dataset}.{table}"
)

DROP_COPY: Final = Command("bq rm -t {project}:{dataset}.NEW_NAME")
DROP_TABLE: Final = Command("bq rm -t {project}:{dataset}.{table}")
_VIEW: Final = "CREATE VIEW `{project}.{dataset}.NEW_NAME` AS SELECT COLUMNS FROM `{project}.{dataset}.{table}`"
_COPY: Final = "CREATE TABLE `{project}.{dataset}.NEW_NAME` AS SELECT * FROM `{project}.{dataset}.{table}`"
CREATE_VIEW: Final = Command(_query(_VIEW), (DROP_COPY.template,), statement=_VIEW)
COPY_TABLE: Final = Command(_query(_COPY), (DROP_COPY.template,), statement=_COPY)
RESTORE_TABLE: Final = Command(
    "bq cp {project}:{dataset}.{table}@-3600000 {project}:{dataset}.{table}", (DROP_TABLE.template,)
)

DESCRIBE_POLICY: Final = Command("gcloud org-policies describe {constraint} --project={project}")
EFFECTIVE_POLICY: Final = Command("gcloud org-policies describe {constraint} --effective --project={project}")
RESTORE_POLICY: Final = Command("gcloud org-policies delete {constraint} --project={project}")


def _policy(rule: str) -> Command:
    # One line, so that it survives copying; /dev/stdin because set-policy takes only a file.
    return Command(
        f"printf 'name: projects/{{project}}/policies/{{constraint}}\\nspec:\\n  rules:\\n  - {rule}\\n' "
        "| gcloud org-policies set-policy /dev/stdin",
        (RESTORE_POLICY.template,),
    )


LIFT_POLICY: Final = _policy("enforce: false")
# For constraints that list what is allowed.
ALLOW_ALL: Final = _policy("allowAll: true")

DOMAINS: Final = "iam.allowedPolicyMemberDomains"
MEMBERS: Final = "iam.managed.allowedPolicyMembers"
EXPIRY: Final = "iam.serviceAccountKeyExpiryHours"
LOCATIONS: Final = "gcp.resourceLocations"
LOOK_DOMAINS: Final = tuple(
    command.using(constraint=name) for name in (DOMAINS, MEMBERS) for command in (EFFECTIVE_POLICY, DESCRIBE_POLICY)
)
LIFT_DOMAINS: Final = (ALLOW_ALL.using(constraint=DOMAINS), LIFT_POLICY.using(constraint=MEMBERS))
LOOK_LOCATIONS: Final = (EFFECTIVE_POLICY.using(constraint=LOCATIONS), DESCRIBE_POLICY.using(constraint=LOCATIONS))
LIFT_LOCATIONS: Final = ALLOW_ALL.using(constraint=LOCATIONS)


KEY_CREATION: Final = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
ACCOUNT_CREATION: Final = ("iam.disableServiceAccountCreation", "iam.managed.disableServiceAccountCreation")
"""The legacy and the managed constraint; either one blocks."""


def lifted(both: tuple[str, str]) -> tuple[Command, ...]:
    """Return the commands that show and lift two constraints."""
    return tuple(command.using(constraint=name) for command in (DESCRIBE_POLICY, LIFT_POLICY) for name in both)


SHOW_BILLING: Final = Command("gcloud billing projects describe {project}")
LIST_BILLING: Final = Command("gcloud billing accounts list")
LINK_BILLING: Final = Command(
    "gcloud billing projects link {project} --billing-account=BILLING_ACCOUNT_ID",
    ("gcloud billing projects unlink {project}",),
)
LOGIN: Final = Command("gcloud auth application-default login --no-launch-browser")
ADC_FILE: Final = "~/.config/gcloud/application_default_credentials.json"
"""The files that LOGIN writes. Source: https://cloud.google.com/docs/authentication/application-default-credentials"""
LOGIN_SCOPES: Final = Command(f"{LOGIN.template} --scopes=https://www.googleapis.com/auth/cloud-platform")
SHOW_LOGIN: Final = Command("gcloud auth list")
SET_QUOTA_PROJECT: Final = Command("gcloud auth application-default set-quota-project {project}")
SHOW_POLICY: Final = Command("gcloud projects get-iam-policy {project}")
SHOW_ALL_POLICIES: Final = Command("gcloud projects get-ancestors-iam-policy {project}")
SHOW_TABLE_POLICY: Final = Command("bq get-iam-policy --table=true {project}:{dataset}.{table}")
SEARCH_POLICIES: Final = Command(
    "gcloud asset search-all-iam-policies --scope=projects/{project} --query=policy:{account}"
)
SHOW_PROJECT: Final = Command("gcloud projects describe {project}")

# Beyond the set-up itself: encryption keys, connections, external data, tables that queries cannot use.
SHOW_ENCRYPTION_AGENT: Final = Command("bq show --encryption_service_account --project_id={project}")
SHOW_KMS_KEY: Final = Command("gcloud kms keys describe {kms_key}")
LIST_KMS_VERSIONS: Final = Command("gcloud kms keys versions list --key={kms_key}")
ENABLE_KMS_VERSION, _ = _pair(
    "gcloud kms keys versions enable VERSION --key={kms_key}",
    "gcloud kms keys versions disable VERSION --key={kms_key}",
)
GRANT_KMS_KEY, _ = _binding(
    "gcloud kms keys VERB {kms_key} --member=serviceAccount:{agent} --role=roles/cloudkms.cryptoKeyEncrypterDecrypter"
)
_DEFAULT_KEY: Final = "ALTER PROJECT `{{project}}` SET OPTIONS (`region-{{location}}.default_kms_key_name` = {})"
SET_DEFAULT_KMS_KEY: Final = _sql(_DEFAULT_KEY.format('"{kms_key}"'), _DEFAULT_KEY.format("NULL"))
LIST_REPLICAS: Final = _sql(
    "SELECT location, replica_primary_assigned FROM `{project}`.`region-{location}`."
    'INFORMATION_SCHEMA.SCHEMATA_REPLICAS WHERE schema_name = "{dataset}"'
)
_REPLICA: Final = 'ALTER SCHEMA `{project}.{dataset}` SET OPTIONS (primary_replica = "{location}")'
SET_PRIMARY_REPLICA: Final = _sql(_REPLICA, _REPLICA.replace("{location}", "FORMER_LOCATION"))
SHOW_TABLE: Final = Command("bq show --format=prettyjson {project}:{dataset}.{table}")
SHOW_VIEW: Final = Command("bq show --view {project}:{dataset}.{table}")
GRANT_BUCKET, _ = _binding(
    "gcloud storage buckets VERB gs://{bucket} --member={role_holder} --role=roles/storage.objectViewer"
)
GRANT_CONNECTION, _ = _binding(
    "bq VERB --connection=true --member={role_holder} --role=roles/bigquery.connectionUser {data_connection}"
)
LIST_CONNECTIONS: Final = Command("bq ls --connection --project_id={project} --location={location}")
GRANT_READ_SESSION: Final = GRANT_PROJECT.using(role="roles/bigquery.readSessionUser")
CREATE_CONNECTION: Final = Command(
    "bq mk --connection --connection_type=CLOUD_RESOURCE --project_id={project} --location={location} CONNECTION_ID",
    ("bq rm --connection {data_connection}",),
)


def _set_on_table(option: str, before: str = "") -> Command:
    statement = "ALTER TABLE `{{project}}.{{dataset}}.{{table}}` SET OPTIONS ({})"
    return _sql(statement.format(option), statement.format(before) if before else "")


NO_PARTITION_FILTER: Final = _set_on_table("require_partition_filter = FALSE", "require_partition_filter = TRUE")
SET_STALENESS: Final = _set_on_table(
    "max_staleness = INTERVAL 4 HOUR", "max_staleness = INTERVAL FORMER_MINUTES MINUTE"
)
COUNT_ROWS: Final = _sql("SELECT COUNT(*) FROM `{project}.{dataset}.{table}`")
CREATE_ROW_POLICY: Final = _sql(
    "CREATE ROW ACCESS POLICY klaviyo ON `{project}.{dataset}.{table}` "
    'GRANT TO ("serviceAccount:{account}") FILTER USING (TRUE)',
    "DROP ROW ACCESS POLICY klaviyo ON `{project}.{dataset}.{table}`",
)
GRANT_METADATA_VIEWER: Final = GRANT_OPERATOR.using(role="roles/bigquery.metadataViewer")
GRANT_METADATA_VIEWER_DATASET: Final = GRANT_OPERATOR_DATASET.using(role="roles/bigquery.metadataViewer")
# Source: `gcloud iam roles update --help`
_ROLE: Final = "gcloud iam roles update ROLE_ID --project={project} --"
WIDEN_ROLE_READ: Final = Command(
    _ROLE + "add-permissions=bigquery.datasets.get,bigquery.datasets.getIamPolicy",
    (_ROLE + "remove-permissions=bigquery.datasets.getIamPolicy",),
)
WIDEN_ROLE_WRITE: Final = Command(
    _ROLE + "add-permissions=bigquery.datasets.update,bigquery.datasets.setIamPolicy",
    (_ROLE + "remove-permissions=bigquery.datasets.setIamPolicy",),
)
CREATE_ROLE: Final = Command("gcloud iam roles create {role_id} --project={project} --file={file}")
SHOW_ROLE: Final = Command("gcloud iam roles describe ROLE_ID --project={project}")
GRANT_RESOURCE_VIEWER: Final = GRANT_OPERATOR.using(role="roles/bigquery.resourceViewer")
PLAIN_COPY: Final = Command(
    "(umask 077; python3 -c 'import json, sys; json.dump(json.load(open(sys.argv[1], \"rb\")), sys.stdout, indent=2)' "
    "{path} > plain-key.json)"
)
"""json.load takes UTF-8 or UTF-16, with or without a byte order mark, and json.dump writes neither of the latter."""

# For administrators: perimeters, deny policies, policy tags, and other reasons for a refusal. Sources:
# https://cloud.google.com/vpc-service-controls/docs/ingress-egress-rules,
# https://cloud.google.com/iam/docs/deny-access, https://cloud.google.com/bigquery/docs/column-level-security,
# https://cloud.google.com/bigquery/docs/external-data-drive
_PERIMETER: Final = "gcloud access-context-manager perimeters {verb} PERIMETER_ID --policy=ACCESS_POLICY_ID {option}"
_SET_INGRESS: Final = _PERIMETER.format(verb="update", option="--set-ingress-policies=")
SHOW_VPC_REFUSAL: Final = Command(
    "gcloud logging read 'protoPayload.metadata.vpcServiceControlsUniqueId=\"{vpc_sc_id}\"' --project={project}"
)
SHOW_PROJECT_NUMBER: Final = Command("gcloud projects describe {project} --format='value(projectNumber)'")
LIST_ACCESS_POLICIES: Final = Command("gcloud access-context-manager policies list --organization=ORGANIZATION_ID")
LIST_PERIMETERS: Final = Command("gcloud access-context-manager perimeters list --policy=ACCESS_POLICY_ID")
SAVE_INGRESS: Final = Command(
    _PERIMETER.format(
        verb="describe", option="--format='yaml(status.ingressPolicies)' | sed 1,2d > klaviyo-before.yaml"
    )
)
# Indented as gcloud prints existing rules.
ADD_INGRESS: Final = Command(
    "printf '  - ingressFrom:\\n      identities:\\n      - serviceAccount:{account}\\n      sources:\\n"
    '      - accessLevel: "*"\\n    ingressTo:\\n      operations:\\n'
    '      - serviceName: bigquery.googleapis.com\\n        methodSelectors:\\n        - method: "*"\\n'
    "      resources:\\n      - projects/{project_number}\\n' "
    "| cat klaviyo-before.yaml - > klaviyo-ingress.yaml"
)
SET_INGRESS: Final = Command(f"{_SET_INGRESS}klaviyo-ingress.yaml", (f"{_SET_INGRESS}klaviyo-before.yaml",))
CLEAR_INGRESS: Final = Command(_PERIMETER.format(verb="update", option="--clear-ingress-policies"))

_AT: Final = "--attachment-point=cloudresourcemanager.googleapis.com/projects/{project} --kind=denypolicies"
_GET_DENY: Final = f"gcloud iam policies get DENY_POLICY_ID {_AT}"
_SET_DENY: Final = f"gcloud iam policies update DENY_POLICY_ID {_AT} --policy-file="
LIST_DENY: Final = Command(f"gcloud iam policies list {_AT}")
LIST_ANCESTORS: Final = Command("gcloud projects get-ancestors {project}")
SAVE_DENY: Final = Command(f"{_GET_DENY} --format=json > klaviyo-before.json")
SET_DENY: Final = Command(
    f"{_SET_DENY}klaviyo-deny.json",
    (f"{_SET_DENY}klaviyo-before.json --etag=\"$({_GET_DENY} --format='value(etag)')\"",),
)

_TAG: Final = "POLICY_TAG_ID --taxonomy=TAXONOMY_ID --location=TAG_LOCATION --project={project}"
SHOW_TAG_POLICY: Final = Command(f"gcloud data-catalog taxonomies policy-tags get-iam-policy {_TAG}")
GRANT_TAG, _ = _binding(
    f"gcloud data-catalog taxonomies policy-tags VERB {_TAG} --member={{role_holder}} "
    "--role=roles/datacatalog.categoryFineGrainedReader"
)
SHOW_ACCOUNT_POLICY: Final = Command("gcloud iam service-accounts get-iam-policy {account} --project={project}")
GRANT_TOKEN_CREATOR, _ = _binding(
    "gcloud iam service-accounts VERB {account} --member={operator_member} "
    "--role=roles/iam.serviceAccountTokenCreator --project={project}"
)
LIST_APIS: Final = Command("gcloud services list --enabled --project={project}")
ENABLE_NAMED_API, _ = _pair(
    "gcloud services enable SERVICE_NAME.googleapis.com --project={project}",
    "gcloud services disable SERVICE_NAME.googleapis.com --project={project}",
)
LIST_QUOTAS: Final = Command("gcloud beta quotas info list --service=bigquery.googleapis.com --project={project}")
LIST_ROW_POLICIES: Final = Command("bq ls --row_access_policies {project}:{dataset}.{table}")
LIST_TRANSFERS: Final = Command("bq ls --transfer_config --transfer_location={location} --project_id={project}")
SHOW_SCHEMA: Final = Command("bq show --schema --format=prettyjson {project}:{dataset}.{table}")
SAVE_DATASET: Final = Command(f"{SHOW_DATASET.template} > dataset.json")
WRITE_DATASET: Final = Command("bq update --source dataset.json {project}:{dataset}")
LIST_PROJECTS: Final = Command("gcloud projects list")
UNDELETE_PROJECT: Final = Command("gcloud projects undelete {project}")
SHOW_PROVIDER: Final = Command(
    "gcloud iam workload-identity-pools providers describe PROVIDER_ID --workload-identity-pool=POOL_ID "
    "--location=global --project={project} --format='value(name, state, attributeCondition)'"
)
GCLOUD_LOGIN: Final = Command("gcloud auth login")
GCLOUD_LOGIN_DRIVE: Final = Command("gcloud auth login --enable-gdrive-access")
SHOW_IMPERSONATION: Final = Command("gcloud config get-value auth/impersonate_service_account")
UNSET_IMPERSONATION: Final = Command("gcloud config unset auth/impersonate_service_account")
SHOW_UNIVERSE: Final = Command("gcloud config get-value core/universe_domain")

# For one table, by this program.
SOURCE_MAP: Final = ours("source {table} --map {choice}")
SOURCE_VIEW: Final = ours("source {table} --as {use} --view {view}")

# For this machine.
EXPLAIN: Final = ours("explain {code}")
SHOW_CLOCK: Final = Command("date -u")
SET_CLOCK: Final = Command("sudo timedatectl set-ntp true", ("sudo timedatectl set-ntp false",))
SHOW_FILE: Final = Command("ls -l {path}")
SET_PROXY: Final = Command("export HTTPS_PROXY=http://PROXY:PORT")
