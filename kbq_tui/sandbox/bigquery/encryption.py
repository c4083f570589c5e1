"""Customer-managed encryption keys.

The sandbox has no Cloud KMS: a scenario says which keys BigQuery's agent may not use; it may use all others.

https://cloud.google.com/bigquery/docs/customer-managed-encryption
"""

from typing import Any

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.resources import Dataset, Project, Table

JSON = dict[str, Any]
DEFAULT_KEY = "default_kms_key_name"


def agent(project: Project) -> str:
    """The address of BigQuery's own service account in a project, which uses the encryption keys."""
    return f"bq-{project.number}@bigquery-encryption.iam.gserviceaccount.com"


def require_key(ctx: SandboxContext, project: Project, key: str, use: str) -> None:
    """Refuse if BigQuery's agent may not use a key.

    Args:
        ctx: the sandbox.
        project: the project whose data it protects.
        key: its name; empty for Google's own keys.
        use: ``Encrypt`` or ``Decrypt``.

    Raises:
        ApiError: 403, with the text recorded in terraform-google-modules/terraform-docs-samples#334.
    """
    if not all(p.kms_keys.get(key, True) for p in ctx.world.projects.values()):
        raise refusals.denied(
            f"BigQuery BigQuery: Cloud KMS Error: Permission 'cloudkms.cryptoKeyVersions.useTo{use}' denied on "
            f"resource '{key}' (or it may not exist). Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to "
            f"BigQuery service account: {agent(project)}"
        )


def default_key(project: Project, dataset: Dataset) -> str:
    """The key of new tables that name none: the dataset's, or the project's default in its location; empty for none."""
    own = dataset.extra.get("defaultEncryptionConfiguration") or {}
    options = project.options.get(dataset.location.lower(), {})
    return str(own.get("kmsKeyName") or options.get(DEFAULT_KEY) or "")


def key_of(table: Table) -> str:
    """The key of a table; empty for a Google-managed key."""
    return str((table.extra.get("encryptionConfiguration") or {}).get("kmsKeyName") or "")


def check_query(ctx: SandboxContext, project: Project, location: str) -> None:
    """Refuse a query if the organization requires a key and the project has none for the location.

    Raises:
        ApiError: with the text of dataform-co/dataform#1793.
    """
    rules = project.org_policies.get("gcp.restrictNonCmekServices", [])
    denied = {str(v) for rule in rules for v in rule.get("values", {}).get("deniedValues", [])}
    if denied & {"bigquery.googleapis.com", "is:bigquery.googleapis.com"}:
        key = project.options.get(location.lower(), {}).get(DEFAULT_KEY)
        if not key:
            raise refusals.denied(
                "Your administrator requires that you specify an encryption key for queries in project "
                f"{project.id}. See https://cloud.google.com/bigquery/docs/customer-managed-encryption"
                "#services_constraint for more info."
            )
        require_key(ctx, project, str(key), "Encrypt")
