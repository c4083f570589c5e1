"""CREATE, ALTER and DROP SCHEMA, GRANT and REVOKE, row access policies."""

from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import access, datasets, options, refusals, row_policies, tables
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    ResolvedName,
    dataset_name,
    find_dataset,
    table_name,
    table_parts,
)
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.own_statements import GrantStatement, RowPolicyChange
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.world import access_key

JSON = dict[str, Any]


def path_of(node: exp.Expr) -> tuple[str, ...]:
    """Return the parts of a name in a statement."""
    assert isinstance(node, exp.Table)
    return table_parts(node)


def create_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run ``CREATE SCHEMA``: check the options and create the dataset, unless it is a dry run."""
    project_id, dataset_id = dataset_name(session, path_of(tree.this))
    project = datasets.project_of(session.ctx, project_id)
    given = options.read(session, tree)
    body: JSON = {"datasetReference": {"projectId": project.id, "datasetId": dataset_id}}
    location = given.pop("location", None) or session.location
    if session.explicit_location and location.upper() != session.location.upper():
        raise refusals.invalid_query(
            f"The location option {location} does not match the location {session.location} of the query job"
        )
    body["location"] = location
    body |= {key: value for key, value in options.for_schema(given).items() if value is not None}
    reference = {"projectId": project.id, "datasetId": dataset_id}
    outcome = StatementResult("CREATE_SCHEMA", target={"ddlTargetDataset": reference}, operation="CREATE")
    if tree.args.get("exists") and dataset_id in project.datasets:
        # the permission is checked before whether it exists, here too
        if not session.ctx.authz.allowed(session.principal, "bigquery.datasets.create", project):
            raise refusals.may_not_create_dataset(project)
        outcome.operation = "SKIP"
    elif not session.dry_run:
        datasets.create(session.ctx, session.principal, project, body)
    return outcome


def alter_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """``ALTER SCHEMA [IF EXISTS] path SET OPTIONS(...)``."""
    project_id, dataset_id = dataset_name(session, path_of(tree.this))
    reference = {"projectId": project_id, "datasetId": dataset_id}
    outcome = StatementResult("ALTER_SCHEMA", target={"ddlTargetDataset": reference}, operation="ALTER")
    try:
        dataset = find_dataset(session, ResolvedName(project_id, dataset_id, ""))
    except ApiError as error:
        if error.reason == "notFound" and tree.args.get("exists"):
            outcome.operation = "SKIP"
            return outcome
        raise
    body = options.for_schema(options.read(session, tree))
    replace_labels(body, dataset.labels)
    if session.dry_run:
        session.ctx.authz.require(session.principal, "bigquery.datasets.update", dataset)
    else:
        datasets.change(session.ctx, session.principal, dataset, body, policy_version=3, whole=False)
    return outcome


def replace_labels(body: JSON, present: dict[str, str]) -> None:
    """Replace all labels: the option ``labels`` does so, while the API's field adds to them."""
    if body.get("labels") is not None:
        body["labels"] = dict.fromkeys(present) | body["labels"]


def drop_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run ``DROP SCHEMA [IF EXISTS]``."""
    node = (tree.args.get("tables") or [tree.this])[0]
    project_id, dataset_id = dataset_name(session, path_of(node))
    project = datasets.project_of(session.ctx, project_id)
    dataset = project.datasets.get(dataset_id)
    reference = {"projectId": project.id, "datasetId": dataset_id}
    outcome = StatementResult("DROP_SCHEMA", target={"ddlTargetDataset": reference}, operation="DROP")
    if dataset is None:
        if not tree.args.get("exists"):
            raise refusals.no_dataset(project.id, dataset_id, session.location)
        outcome.operation = "SKIP"
    elif not session.dry_run:
        datasets.remove(session.ctx, session.principal, dataset, bool(tree.args.get("cascade")))
    return outcome


def grant(session: QuerySession, tree: GrantStatement) -> StatementResult:
    """Run ``GRANT`` or ``REVOKE`` on a dataset or a table."""
    kind = "REVOKE" if tree.revoke else "GRANT"
    if tree.kind != "SCHEMA":
        return _grant_on_table(session, tree, kind)
    project_id, dataset_id = dataset_name(session, tree.path)
    dataset = find_dataset(session, ResolvedName(project_id, dataset_id, ""))
    changed = [access.member_entry(_member(p), role) for p in tree.principals for role in tree.roles]
    if tree.revoke:
        gone = {access_key(entry) for entry in changed}
        entries = [entry for entry in dataset.access if access_key(entry) not in gone]
    else:
        entries = [*dataset.access, *changed]
    if session.dry_run:
        body: JSON = {"access": entries}
        datasets.require_change(session.ctx, session.principal, dataset, body, "UPDATE_ACL")
    else:
        # version 3, so that this statement keeps conditions that others have set
        datasets.change(
            session.ctx,
            session.principal,
            dataset,
            {"access": entries},
            policy_version=3,
            whole=False,
            mode="UPDATE_ACL",
        )
    return StatementResult(kind, target={"ddlTargetDataset": {"projectId": project_id, "datasetId": dataset_id}})


def _grant_on_table(session: QuerySession, tree: GrantStatement, kind: str) -> StatementResult:
    name = table_name(session, tree.path)
    dataset = find_dataset(session, name)
    table = tables.table_of(session, dataset, name.table, "bigquery.tables.setIamPolicy")
    policy = table.traits.get("iam_policy", {"bindings": []})
    bindings: dict[str, list[str]] = {b["role"]: list(b["members"]) for b in policy["bindings"]}
    for role in tree.roles:
        if role not in roles.ON_DATASET:
            raise refusals.invalid(f"Role {role} is not supported for this resource.")
        members = bindings.setdefault(role, [])
        for member in map(_member, tree.principals):
            if tree.revoke and member in members:
                members.remove(member)
            elif not tree.revoke and member not in members:
                members.append(member)
    if not session.dry_run:
        table.traits["iam_policy"] = {"bindings": [{"role": r, "members": m} for r, m in bindings.items() if m]}
        session.world.touch(table)
    return StatementResult(kind, target={"ddlTargetTable": tables.reference(table)})


def row_policy(session: QuerySession, tree: RowPolicyChange) -> StatementResult:
    """Run ``CREATE [OR REPLACE] ROW ACCESS POLICY`` or ``DROP ROW ACCESS POLICY``."""
    name = table_name(session, tree.path)
    permission = f"bigquery.rowAccessPolicies.{'delete' if tree.drop else 'create'}"
    table = tables.table_of(session, find_dataset(session, name), name.table, permission)
    kind = "DROP_ROW_ACCESS_POLICY" if tree.drop else "CREATE_ROW_ACCESS_POLICY"
    operation = "DROP" if tree.drop else "CREATE"
    outcome = StatementResult(kind, target={"ddlTargetTable": tables.reference(table)}, operation=operation)
    there = row_policies.named(table, tree.name)
    if tree.drop == (there is None) and not tree.replace:
        if not tree.if_exists:
            raise row_policies.not_found(table, tree.name) if tree.drop else row_policies.exists(table, tree.name)
        outcome.operation = "SKIP"
        return outcome
    policy = None
    if not tree.drop:
        sql = f"SELECT 1 FROM {session.engine.name(table)} WHERE {row_policies.in_duckdb(tree.filter)} LIMIT 0"  # noqa: S608
        try:
            session.engine.execute(sql)
        except duckdb.Error as error:
            raise refusals.invalid_query(str(error).splitlines()[0]) from error
        policy = {"id": tree.name, "grantees": [_member(g) for g in tree.grantees], "filter": tree.filter}
    if not session.dry_run:
        row_policies.put(table, tree.name, policy)
        session.world.touch(table)
    return outcome


def _member(principal: str) -> str:
    kind, colon, name = principal.partition(":")
    if kind not in ("user", "group", "serviceAccount", "domain", "specialGroup", "deleted") or not colon or not name:
        raise refusals.invalid_query(
            f"Invalid principal '{principal}'. A principal is a type and a name, e.g. user:USER@DOMAIN or "
            "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com."
        )
    return principal
