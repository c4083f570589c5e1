"""Row access policies: which rows a caller sees, and how the API returns the policies.

A scenario gives a table the trait ``row_policies = [{ grantees = ["user:a@b.c"], filter = "x = 1" }]``.

https://cloud.google.com/bigquery/docs/row-level-security-intro
"""

import datetime as dt
from typing import Any

from sqlglot import parse_one

from kbq_tui.sandbox.authz import is_member
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Principal, Table

JSON = dict[str, Any]
VIEWER = "roles/bigquery.filteredDataViewer"


def condition(table: Table, principal: Principal) -> str | None:
    """A condition for DuckDB's WHERE for the rows that the caller may see.

    A caller who is in no policy's grantees gets no rows and no error.

    Returns:
        ``FALSE`` if the caller may see no row, None if the table has no policy.
    """
    policies: list[JSON] = table.traits.get("row_policies", [])
    if not policies:
        return None
    filters = [str(p.get("filter", "TRUE")) for p in policies if _names(p, principal)]
    return " OR ".join(f"({in_duckdb(f)})" for f in filters) or "FALSE"


def in_duckdb(text: str) -> str:
    """A policy's filter in DuckDB's SQL.

    Raises:
        SqlglotError: it is not valid SQL.
    """
    return parse_one(text, read="bigquery").sql("duckdb")


def _names(policy: JSON, principal: Principal) -> bool:
    domain = f"domain:{principal.email.partition('@')[2]}"
    return any(grantee == domain or is_member(grantee, principal) for grantee in policy.get("grantees", []))


def named(table: Table, policy_id: str) -> JSON | None:
    """The policy of a table with this name, or None."""
    policies: list[JSON] = table.traits.get("row_policies", [])
    return next((p for number, p in enumerate(policies, start=1) if _id(p, number) == policy_id), None)


def put(table: Table, policy_id: str, policy: JSON | None) -> None:
    """Create or replace the policy with this name; None deletes it."""
    present: list[JSON] = table.traits.get("row_policies", [])
    named_ = [{**p, "id": _id(p, number)} for number, p in enumerate(present, start=1)]
    kept = [p for p in named_ if p["id"] != policy_id]
    table.traits["row_policies"] = [*kept, *([policy] if policy is not None else [])]


def resources(table: Table) -> list[JSON]:
    """The policies as ``rowAccessPolicies.list`` returns them. Grantees are input only; `iam_policy` returns them."""
    times = [
        dt.datetime.fromtimestamp(ms / 1000, tz=dt.UTC).isoformat().replace("+00:00", "Z")
        for ms in (table.created_ms, table.modified_ms)
    ]
    return [
        {
            "etag": table.etag,
            "rowAccessPolicyReference": {
                "projectId": table.project_id,
                "datasetId": table.dataset_id,
                "tableId": table.table_id,
                "policyId": _id(policy, number),
            },
            "filterPredicate": str(policy.get("filter", "TRUE")),
            "creationTime": times[0],
            "lastModifiedTime": times[1],
        }
        for number, policy in enumerate(table.traits.get("row_policies", []), start=1)
    ]


def iam_policy(table: Table, policy_id: str) -> JSON:
    """Who may see the rows of one policy, as ``rowAccessPolicies.getIamPolicy`` returns it.

    Raises:
        ApiError: the table has no such policy.
    """
    for number, policy in enumerate(table.traits.get("row_policies", []), start=1):
        if _id(policy, number) == policy_id:
            binding = {"role": VIEWER, "members": list(policy.get("grantees", []))}
            return {"version": 1, "etag": table.etag, "bindings": [binding]}
    raise not_found(table, policy_id)


def not_found(table: Table, policy_id: str) -> ApiError:
    """The table has no policy with this name."""
    text = f"Not found: Row access policy {policy_id} was not found on table {table.ref}"
    return ApiError(404, "NOT_FOUND", text, "notFound")


def exists(table: Table, policy_id: str) -> ApiError:
    """The table has a policy with this name already."""
    text = f"Already Exists: Row access policy {policy_id} on table {table.ref}"
    return ApiError(409, "ALREADY_EXISTS", text, "duplicate")


def _id(policy: JSON, number: int) -> str:
    return str(policy.get("id", f"policy_{number}"))
