"""Predefined roles and their permissions, as Google's ``roles.get`` returned them.

``roles.json`` has the recorded answers and their source. It has only permissions of the APIs that the sandbox serves.
"""

import json
import re
from collections.abc import Container, Mapping
from pathlib import Path

ROLES: Mapping[str, frozenset[str]] = {
    name: frozenset(held)
    for name, held in json.loads(Path(__file__).with_name("roles.json").read_bytes())["roles"].items()
}

# BigQuery's other roles, which are not recorded (https://cloud.google.com/iam/docs/roles-permissions/bigquery)
_BIGQUERY = frozenset(
    f"roles/bigquery.{name}"
    for name in ("connectionAdmin", "connectionUser", "resourceAdmin", "resourceEditor", "studioAdmin", "studioUser")
)
_PREDEFINED = re.compile(r"roles/[a-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+")
CUSTOM = re.compile(r"(projects/([a-z0-9.:-]+)|organizations/[0-9]+)/roles/[A-Za-z0-9_.]{3,64}")
SERVICE_AGENT = re.compile(r"roles/[a-z0-9]+(\.[A-Za-z0-9]+)*\.([a-z][A-Za-z0-9]*S|s)erviceAgent")


def is_predefined(name: str) -> bool:
    """Whether Google has this predefined role.

    BigQuery's roles are known by name, so that a misspelt one is refused; for other services every well-formed name
    counts.
    """
    if name in ROLES or name in _BIGQUERY:
        return True
    return bool(_PREDEFINED.fullmatch(name)) and not name.startswith("roles/bigquery.")


def is_custom(name: str, project_roles: Container[str], project_id: str) -> bool:
    """Whether a project accepts a role as a custom one: its own, or its organization's.

    Args:
        name: ``projects/P/roles/ID`` or ``organizations/N/roles/ID``
            (https://cloud.google.com/iam/docs/reference/rest/v1/Policy#Binding).
        project_roles: ids of the project's own roles.
        project_id: the project's id.
    """
    match = CUSTOM.fullmatch(name)
    return match is not None and (
        match[2] is None or (match[2] == project_id and name.rpartition("/")[2] in project_roles)
    )


# Roles that exist but cannot be granted on a project / on a dataset.
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
