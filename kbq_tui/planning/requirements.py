"""What Google asks for before it lets something be made: permissions, room for a key, no policy against it."""

from collections.abc import Mapping

from kbq_tui.model.operations import (
    CreateAccount,
    CreateDataset,
    CreateKey,
    EnableService,
    GrantProjectRole,
    RevokeProjectRole,
)

KEY_CONSTRAINTS = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
ACCOUNT_CONSTRAINTS = ("iam.disableServiceAccountCreation", "iam.managed.disableServiceAccountCreation")

PERMISSIONS_FOR: Mapping[type, tuple[str, ...]] = {
    EnableService: ("serviceusage.services.enable",),
    CreateDataset: ("bigquery.datasets.create",),
    CreateAccount: ("iam.serviceAccounts.create",),
    CreateKey: ("iam.serviceAccountKeys.create",),
    GrantProjectRole: ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"),
    RevokeProjectRole: ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"),
}
"""What an operation needs on the project. Not dataset grants: a dataset's owner has them without the project."""

PREFLIGHT_PERMISSIONS = tuple(
    sorted(
        {p for need in PERMISSIONS_FOR.values() for p in need}
        | {
            "bigquery.datasets.get",
            "bigquery.datasets.update",
            "bigquery.jobs.create",
            "iam.serviceAccounts.get",
            "iam.serviceAccountKeys.list",
        }
    )
)
"""What preflight asks about. Source: facts of https://cloud.google.com/iam/docs/permissions-reference"""
