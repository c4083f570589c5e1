"""Table-level policies over REST: get, set, test.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/getIamPolicy
"""

from typing import Any

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import datasets, refusals, tables
from kbq_tui.sandbox.bigquery.names import Session
from kbq_tui.sandbox.bigquery.query import living_table, table_grants
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.world import Dataset, Table

JSON = dict[str, Any]


def _addressed(call: Call, permission: str) -> tuple[Session, Dataset, Table]:
    project = datasets.project_of(call.ctx, call.params["project"])
    dataset = datasets.dataset_of(call.ctx, project, call.params["dataset"])
    session = Session(call.ctx, call.principal, project, location=dataset.location)
    if permission:
        return session, dataset, tables.table_of(session, dataset, call.params["table"], permission)
    table = living_table(session, dataset, call.params["table"])
    if table is None:
        raise refusals.no_table(f"{dataset.ref}.{call.params['table']}")
    return session, dataset, table


def get_policy(call: Call) -> JSON:
    """``tables.getIamPolicy``."""
    _, _, table = _addressed(call, "bigquery.tables.getIamPolicy")
    return _policy(table)


def set_policy(call: Call) -> JSON:
    """``tables.setIamPolicy``: the whole policy; an etag that is not the present one is refused."""
    _, _, table = _addressed(call, "bigquery.tables.setIamPolicy")
    policy: JSON = call.body.get("policy") or {}
    if policy.get("etag") not in (None, "", "ACAB", table.etag):
        raise refusals.precondition()
    bindings = policy.get("bindings") or []
    for binding in bindings:
        if binding.get("role") not in roles.ON_DATASET:
            raise refusals.invalid(f"Role {binding.get('role')} is not supported for this resource.")
        for member in binding.get("members") or []:
            email = str(member).partition(":")[2]
            if call.world.account_state(email) != "ready":
                raise refusals.invalid(
                    f"IAM setPolicy failed for Table {table.ref}: Service account {email} does not exist."
                )
    table.traits["iam_policy"] = {"bindings": bindings}
    call.world.touch(table)
    return _policy(table)


def test_permissions(call: Call) -> JSON:
    """``tables.testIamPermissions``: those of the asked permissions that the caller has."""
    session, dataset, table = _addressed(call, "")
    held = call.ctx.authz.dataset_permissions(call.principal, dataset)
    asked = [str(p) for p in call.body.get("permissions") or []]
    granted = [p for p in asked if p in held or table_grants(session, table, p)]
    return {"permissions": granted} if granted else {}


def _policy(table: Table) -> JSON:
    policy = table.traits.get("iam_policy")
    if not policy or not policy["bindings"]:
        return {"etag": "ACAB"}
    return {"version": 1, "etag": table.etag, "bindings": policy["bindings"]}
