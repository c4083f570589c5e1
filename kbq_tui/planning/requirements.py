"""What Google requires before something can be created: permissions, room for a key, no policy against it."""

from kbq_tui.shell.operation_rows import ROWS

KEY_CONSTRAINTS = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
ACCOUNT_CONSTRAINTS = ("iam.disableServiceAccountCreation", "iam.managed.disableServiceAccountCreation")

PREFLIGHT_PERMISSIONS = tuple(
    sorted(
        {p for row in ROWS.values() for p in row.permissions}
        | {
            "bigquery.datasets.get",
            "bigquery.datasets.update",
            "bigquery.jobs.create",
            "iam.serviceAccounts.get",
            "iam.serviceAccountKeys.list",
        }
    )
)
"""The permissions that preflight tests. Source: facts of https://cloud.google.com/iam/docs/permissions-reference"""
