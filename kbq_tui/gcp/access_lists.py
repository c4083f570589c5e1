"""Reads and changes datasets' access lists: the member and the role of an entry, and whether it may be removed."""

from collections.abc import Mapping, Sequence
from typing import Final

from kbq_tui.gcp.rest_client import JSON, items, text
from kbq_tui.model.observed import HIDDEN_CONDITION, AccessEntry, plain_role

# Source: https://cloud.google.com/bigquery/docs/access-control-basic-roles#dataset-basic-roles
_LEGACY: Final[Mapping[str, str]] = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
# Roles whose holder may change the access list: the last such entry cannot be removed ("Cannot remove all owners from a
# dataset").
_OWNERS: Final = frozenset({"roles/bigquery.dataOwner", "roles/bigquery.admin"})
_ACCOUNT_DOMAIN: Final = ".gserviceaccount.com"


def entries_of(found: JSON) -> list[JSON] | None:
    """Return a dataset's access list, or None if the answer did not have it.

    Every dataset has an owner, so a list that is missing or has none is not the whole list: the caller may not read it,
    or something on the way dropped it. Written back, it would remove everybody else's access. Source:
    https://github.com/dbt-labs/dbt-adapters/issues/2145
    """
    entries = items(found, "access")
    return entries if any(role_of(entry) in _OWNERS for entry in entries) else None


def last_owner(entries: Sequence[JSON], wanted: Sequence[JSON]) -> str:
    """Return the last owner without a condition that a change would remove, or an empty string."""
    gone = [member_of(entry) for entry in entries if role_of(entry) in _OWNERS and entry not in wanted]
    left = any(role_of(entry) in _OWNERS and is_plain(entry) for entry in wanted)
    return gone[0] if gone and not left else ""


def access_entry(entry: JSON) -> AccessEntry:
    """Return an entry as a value."""
    condition = entry.get("condition")
    expression = text(condition, "expression") if condition else None
    return AccessEntry(role_of(entry), member_of(entry), expression or (None if is_plain(entry) else HIDDEN_CONDITION))


def role_of(entry: JSON) -> str:
    """Return the role of an entry; for a basic role its BigQuery equivalent."""
    role, _ = plain_role(text(entry, "role"))
    return _LEGACY.get(role, role)


def is_plain(entry: JSON) -> bool:
    """Return whether an entry has no condition."""
    return not entry.get("condition") and not plain_role(text(entry, "role"))[1]


def member_of(entry: JSON) -> str:
    """Return an entry's member, as IAM writes principals."""
    if email := text(entry, "userByEmail"):
        return f"{'serviceAccount' if email.lower().endswith(_ACCOUNT_DOMAIN) else 'user'}:{email}"
    for field, kind in (("groupByEmail", "group"), ("domain", "domain"), ("specialGroup", "specialGroup")):
        if value := text(entry, field):
            return f"{kind}:{value}"
    for field, last in (("view", "tableId"), ("routine", "routineId")):
        if isinstance(entry.get(field), dict):
            of = entry[field]
            return f"{field}:{text(of, 'projectId')}.{text(of, 'datasetId')}.{text(of, last)}"
    if isinstance(entry.get("dataset"), dict):
        of = entry["dataset"].get("dataset")
        return f"dataset:{text(of, 'projectId')}.{text(of, 'datasetId')}"
    return text(entry, "iamMember")


def principal_of(member: str) -> JSON:
    """Return the field of an access entry that names a principal."""
    kind, _, name = member.partition(":")
    fields = {
        "serviceAccount": "userByEmail",
        "user": "userByEmail",
        "group": "groupByEmail",
        "domain": "domain",
        "specialGroup": "specialGroup",
    }
    return {fields[kind]: name} if kind in fields else {"iamMember": member}


def is_same(one: str, other: str) -> bool:
    """Return whether two members are the same; Google compares e-mail addresses without case."""
    return bool(one) and one.lower() == other.lower()
