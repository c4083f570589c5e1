"""The permissions that the operator needs: what each is for, which role has it, and who grants it."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.i18n.messages import N_, Message, message
from kbq_tui.model.command import Command
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.shell import commands as cmd


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
        instead: what a person with the permission could run in the operator's place.
        twin: the permission that is also needed if datasets' access lists are fine-grained; empty for none.
        widen: the command that adds both to a custom role.
    """

    name: str
    purpose: str
    role: str
    title: str
    level: str
    who: str
    instead: tuple[Command, ...] = ()
    twin: str = ""
    widen: Command | None = None

    @property
    def names(self) -> str:
        """The permission, and its twin."""
        return f"{self.name}, {self.twin}" if self.twin else self.name

    @property
    def into_custom_role(self) -> Message:
        """What `widen` does, in words."""
        return message(
            "Where a custom role is used, have both {permission} and {twin} added to it; ROLE_ID is its name:",
            permission=self.name,
            twin=self.twin,
        )

    @property
    def grant(self) -> Command:
        """The command that grants the role to the operator."""
        return _GRANT[self.level].using(role=self.role)

    @property
    def whoever(self) -> Message:
        """`who`, as the beginning of a sentence."""
        return Message(_AT_START[self.who])

    @property
    def granted(self) -> Message:
        """The role, and where it has to be granted."""
        return Message(_ON[self.level], {"title": self.title, "role": self.role})


PROJECT_ADMIN: Final = N_("a project owner or Project IAM Admin")
DATASET_OWNER: Final = N_("the dataset's owner")
_ORGANIZATION_ADMIN: Final = N_("an organization administrator")
_AT_START: Final[Mapping[str, str]] = {
    PROJECT_ADMIN: N_("A project owner or Project IAM Admin"),
    DATASET_OWNER: N_("The dataset's owner"),
    _ORGANIZATION_ADMIN: N_("An organization administrator"),
}
_ON: Final[Mapping[str, str]] = {
    "project": N_("{title} ({role}) on the project"),
    "dataset": N_("{title} ({role}) on the dataset"),
    "organization": N_("{title} ({role}) on the organization"),
}


_GRANT: Final[Mapping[str, Command]] = {
    "project": cmd.GRANT_OPERATOR,
    "dataset": cmd.GRANT_OPERATOR_DATASET,
    "organization": cmd.GRANT_OPERATOR_ORGANIZATION,
}


def _on_project(name: str, purpose: str, role: str, title: str, *instead: Command) -> Permission:
    return Permission(name, purpose, role, title, "project", PROJECT_ADMIN, instead)


_ACCOUNT_CREATOR: Final = ("roles/iam.serviceAccountCreator", "Create Service Accounts")
_ACCOUNT_VIEWER: Final = ("roles/iam.serviceAccountViewer", "View Service Accounts")
_ACCOUNT_DELETER: Final = ("roles/iam.serviceAccountDeleter", "Delete Service Accounts")
_KEY_ADMIN: Final = ("roles/iam.serviceAccountKeyAdmin", "Service Account Key Admin")
_IAM_ADMIN: Final = ("roles/resourcemanager.projectIamAdmin", "Project IAM Admin")
_API_ADMIN: Final = ("roles/serviceusage.serviceUsageAdmin", "Service Usage Admin")
_BROWSER: Final = ("roles/browser", "Browser")
_METADATA_VIEWER: Final = ("roles/bigquery.metadataViewer", "BigQuery Metadata Viewer", "dataset", DATASET_OWNER)
_SECURITY_REVIEWER: Final = ("roles/iam.securityReviewer", "Security Reviewer", "dataset", DATASET_OWNER)
"""It shows policies and changes nothing, while Data Owner, the other role with these permissions, can change
everything."""
_DATA_OWNER: Final = ("roles/bigquery.dataOwner", "BigQuery Data Owner", "dataset", DATASET_OWNER)

# Source: https://cloud.google.com/iam/docs/permissions-reference and .../roles-permissions
_TABLE: Final = (
    _on_project(
        "bigquery.datasets.create", N_("create a dataset"), "roles/bigquery.user", "BigQuery User", cmd.CREATE_DATASET
    ),
    Permission(
        "bigquery.datasets.get",
        N_("read a dataset"),
        "roles/bigquery.metadataViewer",
        "BigQuery Metadata Viewer",
        "project",
        PROJECT_ADMIN,
        twin="bigquery.datasets.getIamPolicy",
        widen=cmd.WIDEN_ROLE_READ,
    ),
    Permission(
        "bigquery.datasets.getIamPolicy",
        N_("read who has access to a dataset"),
        *_METADATA_VIEWER,
        twin="bigquery.datasets.get",
        widen=cmd.WIDEN_ROLE_READ,
    ),
    # An Owner of the project lacks it on datasets whose access list does not have the owners
    _on_project(
        "bigquery.tables.list",
        N_("see which tables a dataset has"),
        "roles/bigquery.metadataViewer",
        "BigQuery Metadata Viewer",
    ),
    Permission(
        "bigquery.datasets.update",
        N_("grant on a dataset"),
        *_DATA_OWNER,
        (cmd.GRANT_VIEWER, cmd.GRANT_EDITOR),
        twin="bigquery.datasets.setIamPolicy",
        widen=cmd.WIDEN_ROLE_WRITE,
    ),
    Permission(
        "bigquery.datasets.setIamPolicy",
        N_("grant on a dataset with SQL"),
        *_DATA_OWNER,
        (cmd.GRANT_VIEWER, cmd.GRANT_EDITOR),
        twin="bigquery.datasets.update",
        widen=cmd.WIDEN_ROLE_WRITE,
    ),
    Permission("bigquery.datasets.delete", N_("delete a dataset"), *_DATA_OWNER),
    Permission("bigquery.tables.getIamPolicy", N_("read who has which role on a table"), *_METADATA_VIEWER),
    Permission("bigquery.tables.setIamPolicy", N_("take a role on a table away"), *_DATA_OWNER),
    Permission("bigquery.rowAccessPolicies.list", N_("see whether a table hides rows"), *_SECURITY_REVIEWER),
    Permission(
        "bigquery.rowAccessPolicies.getIamPolicy", N_("see whom a row policy lets through"), *_SECURITY_REVIEWER
    ),
    _on_project("bigquery.jobs.create", N_("run a query"), "roles/bigquery.jobUser", "BigQuery Job User"),
    _on_project(
        "bigquery.jobs.list",
        N_("see Klaviyo's recent jobs"),
        "roles/bigquery.resourceViewer",
        "BigQuery Resource Viewer",
    ),
    _on_project(
        "bigquery.jobs.listAll",
        N_("see Klaviyo's recent jobs"),
        "roles/bigquery.resourceViewer",
        "BigQuery Resource Viewer",
    ),
    _on_project("iam.serviceAccounts.create", N_("create the service account"), *_ACCOUNT_CREATOR, cmd.CREATE_ACCOUNT),
    _on_project("iam.serviceAccounts.get", N_("see the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccounts.list", N_("see the service accounts"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccounts.delete", N_("delete the service account"), *_ACCOUNT_DELETER),
    _on_project(
        "iam.serviceAccounts.getAccessToken",
        N_("act as a service account"),
        "roles/iam.serviceAccountTokenCreator",
        "Service Account Token Creator",
    ),
    _on_project("iam.serviceAccountKeys.create", N_("create a key"), *_KEY_ADMIN, cmd.CREATE_KEY),
    _on_project("iam.serviceAccountKeys.list", N_("see the keys of the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccountKeys.get", N_("see a key of the service account"), *_ACCOUNT_VIEWER),
    _on_project("iam.serviceAccountKeys.delete", N_("delete a key"), *_KEY_ADMIN, cmd.DELETE_KEY),
    _on_project("iam.serviceAccountKeys.disable", N_("disable a key"), *_KEY_ADMIN),
    _on_project("iam.serviceAccountKeys.enable", N_("enable a key again"), *_KEY_ADMIN),
    _on_project("logging.logEntries.list", N_("read the log"), "roles/logging.viewer", "Logs Viewer"),
    _on_project(
        "logging.privateLogEntries.list",
        N_("see which key was used when, and from where"),
        "roles/logging.privateLogViewer",
        "Private Logs Viewer",
    ),
    _on_project(
        "monitoring.timeSeries.list",
        N_("see when a key was last used"),
        "roles/monitoring.viewer",
        "Monitoring Viewer",
    ),
    _on_project(
        "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
        N_("see on which day a key was last used"),
        "roles/policyanalyzer.activityAnalysisViewer",
        "Activity Analysis Viewer",
    ),
    _on_project("resourcemanager.projects.get", N_("see the project"), *_BROWSER),
    _on_project(
        "resourcemanager.projects.getIamPolicy",
        N_("read who has which role on the project"),
        *_BROWSER,
        cmd.GRANT_JOB_USER,
    ),
    _on_project("resourcemanager.projects.setIamPolicy", N_("grant on the project"), *_IAM_ADMIN, cmd.GRANT_JOB_USER),
    _on_project("serviceusage.services.enable", N_("turn on an API"), *_API_ADMIN, cmd.ENABLE_API),
    _on_project(
        "serviceusage.services.get",
        N_("see which APIs are on"),
        "roles/serviceusage.serviceUsageViewer",
        "Service Usage Viewer",
    ),
    _on_project(
        "serviceusage.quotas.get",
        N_("see how much the project's queries may read in a day"),
        "roles/servicemanagement.quotaViewer",
        "Quota Viewer",
    ),
    _on_project(
        "serviceusage.services.list",
        N_("see which APIs are on"),
        "roles/serviceusage.serviceUsageViewer",
        "Service Usage Viewer",
    ),
    _on_project(
        "serviceusage.services.use",
        N_("charge calls to the project"),
        "roles/serviceusage.serviceUsageConsumer",
        "Service Usage Consumer",
    ),
    _on_project(
        "orgpolicy.policy.get",
        N_("see which organization policies are in force"),
        "roles/orgpolicy.policyViewer",
        "Organization Policy Viewer",
    ),
    Permission(
        "orgpolicy.policy.set",
        N_("lift or restore an organization policy"),
        "roles/orgpolicy.policyAdmin",
        "Organization Policy Administrator",
        "organization",
        _ORGANIZATION_ADMIN,
    ),
    _on_project(
        "resourcemanager.projects.createBillingAssignment",
        N_("link a billing account"),
        "roles/billing.projectManager",
        "Project Billing Manager",
    ),
)

PERMISSIONS: Final[Mapping[str, Permission]] = {entry.name: entry for entry in _TABLE}
"""By name. A permission that is not listed here is still reported, without a role."""

NEEDED_FOR: Final[Mapping[str, str]] = {
    "bigquery.datasets.get": "bigquery.datasets.get",
    "bigquery.jobs.list": "bigquery.jobs.listAll",
    "bigquery.rowAccessPolicies.getIamPolicy": "bigquery.rowAccessPolicies.getIamPolicy",
    "bigquery.rowAccessPolicies.list": "bigquery.rowAccessPolicies.list",
    "bigquery.tables.getIamPolicy": "bigquery.tables.getIamPolicy",
    "bigquery.tables.list": "bigquery.tables.list",
    "cloudbilling.projects.getBillingInfo": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.get": "resourcemanager.projects.get",
    "cloudresourcemanager.projects.getIamPolicy": "resourcemanager.projects.getIamPolicy",
    "iam.serviceAccountKeys.list": "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get": "iam.serviceAccounts.get",
    "logging.entries.list": "logging.privateLogEntries.list",
    "monitoring.projects.timeSeries.list": "monitoring.timeSeries.list",
    "orgpolicy.policies.getEffectivePolicy": "orgpolicy.policy.get",
    "policyanalyzer.projects.locations.activityTypes.activities.query": (
        "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"
    ),
    "serviceusage.services.batchGet": "serviceusage.services.get",
    "serviceusage.services.consumerQuotaMetrics.list": "serviceusage.quotas.get",
}
"""The permission that a read needs, by its method: some refusals do not name it."""
