"""Permissions the operator needs: what each is for, which role has it, and who grants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kbq_tui.i18n.messages import Said, filled, mark


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission.

    Attributes:
        name: such as `iam.serviceAccountKeys.create`.
        purpose: what it is needed for; completes "is needed to …".
        role: the narrowest predefined role that has it, such as `roles/iam.serviceAccountKeyAdmin`.
        title: the role's name.
        level: where it is granted: `project`, `dataset` or `organization`.
        who: who grants it or does the step, in words; completes "Ask …".
    """

    name: str
    purpose: str
    role: str
    title: str
    level: str
    who: str

    @property
    def whoever(self) -> Said:
        """`who`, as a sentence begins with it."""
        return filled(_AT_START[self.who])

    @property
    def granted(self) -> Said:
        """The role, and where it is granted."""
        return filled(_ON[self.level], title=self.title, role=self.role)


PROJECT_ADMIN: Final = mark("a project owner or Project IAM Admin")
DATASET_OWNER: Final = mark("the dataset's owner")
_ORGANIZATION_ADMIN: Final = mark("an organization administrator")
_AT_START: Final[Mapping[str, str]] = {
    PROJECT_ADMIN: mark("A project owner or Project IAM Admin"),
    DATASET_OWNER: mark("The dataset's owner"),
    _ORGANIZATION_ADMIN: mark("An organization administrator"),
}
_ON: Final[Mapping[str, str]] = {
    "project": mark("{title} ({role}) on the project"),
    "dataset": mark("{title} ({role}) on the dataset"),
    "organization": mark("{title} ({role}) on the organization"),
}


def _on_project(name: str, purpose: str, role: str, title: str) -> Permission:
    return Permission(name, purpose, role, title, "project", PROJECT_ADMIN)


_ACCOUNT_CREATOR: Final = ("roles/iam.serviceAccountCreator", "Create Service Accounts")
_ACCOUNT_VIEWER: Final = ("roles/iam.serviceAccountViewer", "View Service Accounts")
_ACCOUNT_ADMIN: Final = ("roles/iam.serviceAccountAdmin", "Service Account Admin")
_KEY_ADMIN: Final = ("roles/iam.serviceAccountKeyAdmin", "Service Account Key Admin")
_IAM_ADMIN: Final = ("roles/resourcemanager.projectIamAdmin", "Project IAM Admin")
_API_ADMIN: Final = ("roles/serviceusage.serviceUsageAdmin", "Service Usage Admin")
_DATA_OWNER: Final = ("roles/bigquery.dataOwner", "BigQuery Data Owner", "dataset", DATASET_OWNER)

# Source: https://cloud.google.com/iam/docs/permissions-reference and .../roles-permissions
_TABLE: Final = (
    _on_project("bigquery.datasets.create", mark("create a dataset"), "roles/bigquery.user", "BigQuery User"),
    Permission(
        "bigquery.datasets.get",
        mark("read a dataset"),
        "roles/bigquery.metadataViewer",
        "BigQuery Metadata Viewer",
        "project",
        PROJECT_ADMIN,
    ),
    # An Owner of the project lacks it on datasets whose access list leaves the owners out
    _on_project(
        "bigquery.tables.list",
        mark("see which tables a dataset has"),
        "roles/bigquery.metadataViewer",
        "BigQuery Metadata Viewer",
    ),
    Permission("bigquery.datasets.update", mark("grant on a dataset"), *_DATA_OWNER),
    Permission("bigquery.datasets.setIamPolicy", mark("grant on a dataset with SQL"), *_DATA_OWNER),
    Permission("bigquery.datasets.delete", mark("delete a dataset"), *_DATA_OWNER),
    Permission("bigquery.tables.getIamPolicy", mark("read who has which role on a table"), *_DATA_OWNER),
    Permission("bigquery.tables.setIamPolicy", mark("take a role on a table away"), *_DATA_OWNER),
    Permission("bigquery.rowAccessPolicies.list", mark("see whether a table hides rows"), *_DATA_OWNER),
    Permission("bigquery.rowAccessPolicies.getIamPolicy", mark("see whom a row policy lets through"), *_DATA_OWNER),
    _on_project("bigquery.jobs.create", mark("run a query"), "roles/bigquery.jobUser", "BigQuery Job User"),
    _on_project(
        "bigquery.jobs.listAll",
        mark("see Klaviyo's recent jobs"),
        "roles/bigquery.resourceViewer",
        "BigQuery Resource Viewer",
    ),
    _on_project("iam.serviceAccounts.create", mark("create the service account"), *_ACCOUNT_CREATOR),
    _on_project("iam.serviceAccounts.get", mark("see the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccounts.list", mark("see the service accounts"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccounts.delete", mark("delete the service account"), *_ACCOUNT_ADMIN),
    _on_project(
        "iam.serviceAccounts.getAccessToken",
        mark("act as a service account"),
        "roles/iam.serviceAccountTokenCreator",
        "Service Account Token Creator",
    ),
    _on_project("iam.serviceAccountKeys.create", mark("create a key"), *_KEY_ADMIN),
    _on_project("iam.serviceAccountKeys.list", mark("see the keys of the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccountKeys.get", mark("see a key of the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccountKeys.delete", mark("delete a key"), *_KEY_ADMIN),
    _on_project("resourcemanager.projects.get", mark("see the project"), "roles/browser", "Browser"),
    _on_project("resourcemanager.projects.getIamPolicy", mark("read who has which role on the project"), *_IAM_ADMIN),
    _on_project("resourcemanager.projects.setIamPolicy", mark("grant on the project"), *_IAM_ADMIN),
    _on_project("serviceusage.services.enable", mark("turn on an API"), *_API_ADMIN),
    _on_project(
        "serviceusage.services.get",
        mark("see which APIs are on"),
        "roles/serviceusage.serviceUsageViewer",
        "Service Usage Viewer",
    ),
    _on_project(
        "serviceusage.services.list",
        mark("see which APIs are on"),
        "roles/serviceusage.serviceUsageViewer",
        "Service Usage Viewer",
    ),
    _on_project(
        "serviceusage.services.use",
        mark("charge calls to the project"),
        "roles/serviceusage.serviceUsageConsumer",
        "Service Usage Consumer",
    ),
    _on_project(
        "orgpolicy.policy.get",
        mark("see which organization policies are in force"),
        "roles/orgpolicy.policyViewer",
        "Organization Policy Viewer",
    ),
    Permission(
        "orgpolicy.policy.set",
        mark("lift or restore an organization policy"),
        "roles/orgpolicy.policyAdmin",
        "Organization Policy Administrator",
        "organization",
        _ORGANIZATION_ADMIN,
    ),
    _on_project(
        "resourcemanager.projects.createBillingAssignment",
        mark("link a billing account"),
        "roles/billing.projectManager",
        "Project Billing Manager",
    ),
)

PERMISSIONS: Final[Mapping[str, Permission]] = {entry.name: entry for entry in _TABLE}
"""By name. What is not in it is still reported, without a role."""
