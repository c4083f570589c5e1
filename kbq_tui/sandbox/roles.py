"""Predefined roles as data: the permissions that matter here (https://cloud.google.com/iam/docs/roles-permissions)."""

from collections.abc import Mapping

PROJECT_READ = frozenset({"resourcemanager.projects.get", "resourcemanager.projects.list"})


def _all(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


_DATASETS = _all(
    "bigquery.datasets",
    "create createTagBinding delete deleteTagBinding get getIamPolicy link listEffectiveTags "
    "listSharedDatasetUsage listTagBindings setIamPolicy update updateTag",
)
_TABLES = _all(
    "bigquery.tables",
    "create createIndex createSnapshot createTagBinding delete deleteIndex deleteSnapshot deleteTagBinding export "
    "get getData getIamPolicy list listEffectiveTags listTagBindings replicateData restoreSnapshot setCategory "
    "setColumnDataPolicy setIamPolicy update updateData updateIndex updateTag",
)
_MODELS = _all("bigquery.models", "create delete export getData getMetadata list updateData updateMetadata updateTag")
_ROUTINES = _all("bigquery.routines", "create delete get list update updateTag")
_ROWS = _all(
    "bigquery.rowAccessPolicies",
    "create delete get getFilteredData getIamPolicy list overrideTimeTravelRestrictions setIamPolicy update",
)
_JOBS = _all("bigquery.jobs", "create delete get list listAll listExecutionMetadata update")
_SESSIONS = _all("bigquery.readsessions", "create getData update")
_RESERVED = _all("bigquery.reservations", "get list") | _all("bigquery.capacityCommitments", "get list")
_SAVED = _all("bigquery.savedqueries", "create delete get list update")
_TRANSFERS = _all("bigquery.transfers", "get update")
_CONFIG = _all("bigquery.config", "get update")

_METADATA_VIEWER = (
    PROJECT_READ
    | _all("bigquery.datasets", "get getIamPolicy")
    | _all("bigquery.models", "getMetadata list")
    | _all("bigquery.routines", "get list")
    | _all("bigquery.tables", "get getIamPolicy list")
)
_DATA_VIEWER = (
    _METADATA_VIEWER
    | _all("bigquery.models", "export getData")
    | _all("bigquery.tables", "createSnapshot export getData replicateData")
)
_DATA_EDITOR = (
    _DATA_VIEWER
    | _all("bigquery.datasets", "create updateTag")
    | _MODELS
    | _ROUTINES
    | _all(
        "bigquery.tables",
        "create createIndex delete deleteIndex restoreSnapshot update updateData updateIndex updateTag",
    )
    | frozenset({"bigquery.config.get"})
)
_DATA_OWNER = (
    _DATA_EDITOR
    | _DATASETS
    | _TABLES
    | _ROWS - {"bigquery.rowAccessPolicies.getFilteredData"}
    | {"bigquery.config.get"}
)
_JOB_USER = PROJECT_READ | {"bigquery.jobs.create", "bigquery.config.get"}
_USER = (
    PROJECT_READ
    | _all("bigquery.datasets", "create get getIamPolicy")
    | _all("bigquery.jobs", "create list")
    | _SESSIONS
    | _RESERVED
    | _all("bigquery.savedqueries", "get list")
    | {
        "bigquery.config.get",
        "bigquery.models.list",
        "bigquery.routines.list",
        "bigquery.tables.list",
        "bigquery.transfers.get",
    }
)
_RESOURCE_VIEWER = PROJECT_READ | _RESERVED | _all("bigquery.jobs", "get list listAll listExecutionMetadata")
_BIGQUERY_ADMIN = (
    PROJECT_READ
    | _DATASETS
    | _TABLES
    | _MODELS
    | _ROUTINES
    | _ROWS - {"bigquery.rowAccessPolicies.getFilteredData"}
    | _JOBS
    | _SESSIONS
    | _RESERVED
    | _SAVED
    | _TRANSFERS
    | _CONFIG
)

_SA_READ = _all("iam.serviceAccounts", "get getIamPolicy list listEffectiveTags listTagBindings")
_SA_KEYS = _all("iam.serviceAccountKeys", "create delete disable enable get list")
_SA_ADMIN = (
    PROJECT_READ | _SA_READ | _all("iam.serviceAccounts", "create delete disable enable setIamPolicy undelete update")
)
_SA_VIEWER = PROJECT_READ | _SA_READ | _all("iam.serviceAccountKeys", "get list")
_TOKEN_CREATOR = PROJECT_READ | _all(
    "iam.serviceAccounts", "get getAccessToken getOpenIdToken implicitDelegation list signBlob signJwt"
)

_PROJECT_IAM = PROJECT_READ | _all("resourcemanager.projects", "getIamPolicy setIamPolicy")
_SERVICES_READ = _all("serviceusage.services", "get list") | {"serviceusage.quotas.get", "serviceusage.operations.get"}
_SERVICES_ADMIN = _SERVICES_READ | _all("serviceusage.services", "disable enable use") | {"serviceusage.quotas.update"}
_POLICY_READ = _all("orgpolicy", "constraints.list policies.list policy.get")
_BILLING_READ = frozenset({"resourcemanager.projects.get", "billing.resourceAssociations.list"})

# Basic roles carry no dataset permissions for editors and viewers of a project: those come from the special groups
# in each dataset's access list (https://cloud.google.com/bigquery/docs/access-control-basic-roles).
_VIEWER = (
    PROJECT_READ
    | _SA_VIEWER
    | _SERVICES_READ
    | _POLICY_READ
    | _BILLING_READ
    | _all("bigquery.jobs", "create list")
    | _RESERVED
    | {"resourcemanager.projects.getIamPolicy", "bigquery.config.get", "logging.logEntries.list"}
)
_EDITOR = (
    _VIEWER
    | {
        "bigquery.datasets.create",
        "serviceusage.services.use",
        "serviceusage.services.enable",
        "serviceusage.services.disable",
    }
    | _all("iam.serviceAccounts", "actAs create delete disable enable update")
    | _SA_KEYS
    | _SAVED
    | _TRANSFERS
)
_OWNER = (
    _EDITOR
    | _BIGQUERY_ADMIN
    | _SA_ADMIN
    | _SERVICES_ADMIN
    | _PROJECT_IAM
    | {
        "resourcemanager.projects.update",
        "resourcemanager.projects.delete",
        "resourcemanager.projects.createBillingAssignment",
        "resourcemanager.projects.deleteBillingAssignment",
    }
) - {"orgpolicy.policy.set"}

# Org policies read only; setting one needs the administrator's role on the organization.
ROLES: Mapping[str, frozenset[str]] = {
    "roles/owner": _OWNER,
    "roles/editor": _EDITOR,
    "roles/viewer": _VIEWER,
    "roles/browser": PROJECT_READ | {"resourcemanager.projects.getIamPolicy", "resourcemanager.folders.get"},
    "roles/bigquery.admin": _BIGQUERY_ADMIN,
    "roles/bigquery.dataOwner": _DATA_OWNER,
    "roles/bigquery.dataEditor": _DATA_EDITOR,
    "roles/bigquery.dataViewer": _DATA_VIEWER,
    "roles/bigquery.filteredDataViewer": frozenset({"bigquery.rowAccessPolicies.getFilteredData"}),
    "roles/bigquery.jobUser": _JOB_USER,
    "roles/bigquery.user": _USER,
    "roles/bigquery.metadataViewer": _METADATA_VIEWER,
    "roles/bigquery.resourceViewer": _RESOURCE_VIEWER,
    "roles/bigquery.readSessionUser": PROJECT_READ | _SESSIONS,
    "roles/datacatalog.categoryFineGrainedReader": frozenset({"datacatalog.categories.fineGrainedGet"}),
    "roles/iam.serviceAccountAdmin": _SA_ADMIN,
    "roles/iam.serviceAccountCreator": PROJECT_READ | _all("iam.serviceAccounts", "create get list"),
    "roles/iam.serviceAccountDeleter": PROJECT_READ | _all("iam.serviceAccounts", "delete get list"),
    "roles/iam.serviceAccountKeyAdmin": PROJECT_READ | _SA_KEYS | _all("iam.serviceAccounts", "get list"),
    "roles/iam.serviceAccountViewer": _SA_VIEWER,
    "roles/iam.serviceAccountTokenCreator": _TOKEN_CREATOR,
    "roles/iam.serviceAccountUser": PROJECT_READ | _all("iam.serviceAccounts", "actAs get list"),
    "roles/iam.securityAdmin": _PROJECT_IAM
    | _all("iam.serviceAccounts", "get getIamPolicy list setIamPolicy")
    | _all("bigquery.datasets", "get getIamPolicy setIamPolicy")
    | _all("bigquery.tables", "getIamPolicy list setIamPolicy"),
    "roles/iam.securityReviewer": PROJECT_READ
    | _all("iam.serviceAccounts", "get getIamPolicy list")
    | _all("iam.serviceAccountKeys", "get list")
    | {"resourcemanager.projects.getIamPolicy", "bigquery.datasets.get", "bigquery.datasets.getIamPolicy"}
    | _POLICY_READ,
    "roles/resourcemanager.projectIamAdmin": _PROJECT_IAM,
    "roles/serviceusage.serviceUsageAdmin": PROJECT_READ | _SERVICES_ADMIN,
    "roles/serviceusage.serviceUsageConsumer": PROJECT_READ | _SERVICES_READ | {"serviceusage.services.use"},
    "roles/serviceusage.serviceUsageViewer": PROJECT_READ | _SERVICES_READ,
    "roles/orgpolicy.policyAdmin": _POLICY_READ | {"orgpolicy.policy.set"},
    "roles/orgpolicy.policyViewer": _POLICY_READ,
    "roles/billing.viewer": _BILLING_READ | {"billing.accounts.get", "billing.accounts.list"},
    "roles/logging.viewer": PROJECT_READ | _all("logging", "logEntries.list logs.list logMetrics.list"),
}

# Roles that exist but may not be granted on a project / on a dataset.
NOT_ON_PROJECT = frozenset({"roles/billing.viewer", "roles/orgpolicy.policyAdmin"})
ON_DATASET = frozenset(
    {
        "roles/bigquery.admin",
        "roles/bigquery.dataOwner",
        "roles/bigquery.dataEditor",
        "roles/bigquery.dataViewer",
        "roles/bigquery.filteredDataViewer",
        "roles/bigquery.metadataViewer",
        "roles/bigquery.user",
        "roles/iam.securityReviewer",
        "roles/iam.securityAdmin",
    }
)
ON_ACCOUNT = frozenset(name for name in ROLES if name.startswith("roles/iam.")) | {
    "roles/owner",
    "roles/editor",
    "roles/viewer",
}

LEGACY = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
LEGACY_NAME = {role: name for name, role in LEGACY.items()}
SPECIAL_GROUPS = {"projectOwners": "roles/owner", "projectWriters": "roles/editor", "projectReaders": "roles/viewer"}

PERMISSIONS = frozenset[str]().union(*ROLES.values())
