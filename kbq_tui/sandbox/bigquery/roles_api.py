"""Table-level policies over REST: get, set, test.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tables/getIamPolicy
"""

from typing import Any

from kbq_tui.sandbox import policies, roles
from kbq_tui.sandbox.bigquery import datasets, refusals, tables
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.query import living_table, table_grants
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.resources import Dataset, Policy, Table

JSON = dict[str, Any]


def _addressed(call: Call, permission: str) -> tuple[QuerySession, Dataset, Table]:
    project = datasets.project_of(call.ctx, call.params["project"])
    dataset = datasets.dataset_of(call.ctx, project, call.params["dataset"])
    session = QuerySession(call.ctx, call.principal, project, location=dataset.location)
    if permission:
        return session, dataset, tables.table_of(session, dataset, call.params["table"], permission)
    table = living_table(session, dataset, call.params["table"])
    if table is None:
        raise refusals.no_table(f"{dataset.ref}.{call.params['table']}")
    return session, dataset, table


def get_policy(call: Call) -> JSON:
    """``tables.getIamPolicy``."""
    _, _, table = _addressed(call, "bigquery.tables.getIamPolicy")
    return _policy(table, int((call.body.get("options") or {}).get("requestedPolicyVersion") or 0))


def set_policy(call: Call) -> JSON:
    """``tables.setIamPolicy``: replaces the whole policy; an etag that is not the current one is refused."""
    _, _, table = _addressed(call, "bigquery.tables.setIamPolicy")
    policy: JSON = call.body.get("policy") or {}
    if policy.get("etag") not in (None, "", "ACAB", table.etag):
        raise refusals.precondition()
    bindings = policy.get("bindings") or []
    known = _stored(table).pairs()
    version = int(policy.get("version") or 0)
    for binding in bindings:
        role = str(binding.get("role"))
        if role not in roles.ON_DATASET:
            raise refusals.invalid(f"Role {role} is not supported for this resource.")
        if binding.get("condition") and version < 3:
            raise refusals.invalid(f"Conditional role bindings require the policy version 3, got ({version}).")
        for member in binding.get("members") or []:
            if (role, member) not in known:
                _check_member(call, table, str(member))
    table.traits["iam_policy"] = {"bindings": [b for b in bindings if b.get("members")]}
    call.world.touch(table)
    return _policy(table, version)


def _check_member(call: Call, table: Table, member: str) -> None:
    kind, _, email = member.partition(":")
    if kind != "serviceAccount":
        policies.check_member(call.world, member)
    elif call.world.account_state(email) != "ready":
        raise refusals.invalid(f"IAM setPolicy failed for Table {table.ref}: Service account {email} does not exist.")


def test_permissions(call: Call) -> JSON:
    """``tables.testIamPermissions``: the permissions of the request that the caller has."""
    session, dataset, table = _addressed(call, "")
    held = call.ctx.authz.dataset_permissions(call.principal, dataset)
    asked = [str(p) for p in call.body.get("permissions") or []]
    granted = [p for p in asked if p in held or table_grants(session, table, p)]
    return {"permissions": granted} if granted else {}


def _stored(table: Table) -> Policy:
    bindings = (table.traits.get("iam_policy") or {}).get("bindings") or []
    return Policy(bindings, table.etag) if bindings else Policy()


def _policy(table: Table, requested: int) -> JSON:
    return policies.read(_stored(table), requested)
