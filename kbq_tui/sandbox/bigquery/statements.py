"""What each kind of statement does: SELECT, DDL, DML, GRANT and REVOKE."""

from collections.abc import Callable
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox import roles
from kbq_tui.sandbox.bigquery import access, datasets, dml, fields, options, refusals, row_policies, tables
from kbq_tui.sandbox.bigquery.engine import TooLarge
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    ResolvedName,
    dataset_name,
    find_dataset,
    real_tables,
    table_name,
    table_parts,
)  # fmt: skip
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.query import binding_error, describe, living_table
from kbq_tui.sandbox.bigquery.syntax import GrantStatement, RowPolicyChange, Statement
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.world import Table, access_key

JSON = dict[str, Any]


def run(session: QuerySession, statement: Statement) -> StatementResult:
    """Runs one statement; on a dry run checks it only.

    Raises:
        ApiError: BigQuery would refuse it.
    """
    tree = statement.tree
    if isinstance(tree, GrantStatement):
        return _grant(session, tree)
    if isinstance(tree, RowPolicyChange):
        return _row_policy(session, tree)
    if isinstance(tree, exp.Query):
        return select(session, tree)
    # `parse_script` lets through only what is here
    handler = _HANDLERS.get((type(tree), str(tree.args.get("kind") or "").upper())) or dml.run
    return handler(session, tree)


def select(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """A query."""
    sql, schema, reads = describe(session, tree)
    if session.dry_run:
        return StatementResult("SELECT", schema, reads=reads)
    try:
        return StatementResult("SELECT", schema, session.engine.run(sql, session.watch, query=True).rows, reads)
    except TooLarge:
        raise refusals.response_too_large() from None
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error


# -- datasets


def _path(node: exp.Expr) -> tuple[str, ...]:
    assert isinstance(node, exp.Table)
    return table_parts(node)


def _create_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    project_id, dataset_id = dataset_name(session, _path(tree.this))
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
        # permission still comes before existence
        if not session.ctx.authz.allowed(session.principal, "bigquery.datasets.create", project):
            raise refusals.may_not_create_dataset(project)
        outcome.operation = "SKIP"
    elif not session.dry_run:
        datasets.create(session.ctx, session.principal, project, body)
    return outcome


def _alter_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """``ALTER SCHEMA [IF EXISTS] path SET OPTIONS(...)``."""
    project_id, dataset_id = dataset_name(session, _path(tree.this))
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
    _replace_labels(body, dataset.labels)
    if session.dry_run:
        session.ctx.authz.require(session.principal, "bigquery.datasets.update", dataset)
    else:
        datasets.change(session.ctx, session.principal, dataset, body, policy_version=3, whole=False)
    return outcome


def _replace_labels(body: JSON, present: dict[str, str]) -> None:
    """The option ``labels`` names all labels there shall be, where the API's field adds to those there are."""
    if body.get("labels") is not None:
        body["labels"] = dict.fromkeys(present) | body["labels"]


def _drop_schema(session: QuerySession, tree: exp.Expr) -> StatementResult:
    node = (tree.args.get("tables") or [tree.this])[0]
    project_id, dataset_id = dataset_name(session, _path(node))
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


def _grant(session: QuerySession, tree: GrantStatement) -> StatementResult:
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
        session.ctx.authz.require(session.principal, "bigquery.datasets.update", dataset)
    else:
        # version 3: this statement must not lose other people's conditions
        datasets.change(session.ctx, session.principal, dataset, {"access": entries}, policy_version=3, whole=False)
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


def _row_policy(session: QuerySession, tree: RowPolicyChange) -> StatementResult:
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


# -- tables


def _create_table(session: QuerySession, tree: exp.Expr) -> StatementResult:
    shape = tree.this
    node = shape.this if isinstance(shape, exp.Schema) else shape
    name = table_name(session, _path(node))
    dataset = find_dataset(session, name)
    source = tree.args.get("expression")
    body = options.for_table(options.read(session, tree))
    options.stored(tree, body)
    outcome = StatementResult("CREATE_TABLE_AS_SELECT" if source is not None else "CREATE_TABLE", operation="CREATE")
    outcome.target = {"ddlTargetTable": _reference(name)}
    session.ctx.authz.require(session.principal, "bigquery.tables.create", dataset)
    present = living_table(session, dataset, name.table)
    if present is not None and tree.args.get("exists"):
        outcome.operation = "SKIP"
        return outcome
    if present is not None and not tree.args.get("replace"):
        raise refusals.exists("Table", present.ref)
    outcome.operation = "REPLACE" if present is not None else "CREATE"
    columns = _declared(shape)
    rows_sql = ""
    if source is not None:
        dml.same_location(session, dataset, source)
        rows_sql, queried, outcome.reads = describe(session, source)
        columns = columns or queried
    if not columns:
        raise refusals.invalid_query("CREATE TABLE without a column list or AS SELECT is not supported")
    if session.dry_run:
        return outcome
    replace = bool(tree.args.get("replace"))
    if source is None:
        tables.create(session, dataset, name.table, schema=columns, replace=replace, body=body)
        return outcome
    try:
        # the query may read the very table that is replaced: its rows are taken before
        with session.engine.stored(rows_sql, session.watch) as stored:
            dataset = find_dataset(session, name)  # others may have changed something meanwhile
            table = tables.create(session, dataset, name.table, schema=columns, replace=replace, body=body)
            dml.insert_stored(session, table, stored)
    except duckdb.Error as error:
        raise binding_error(session, source, error) from error
    return outcome


def _create_view(session: QuerySession, tree: exp.Expr) -> StatementResult:
    shape = tree.this
    node = shape.this if isinstance(shape, exp.Schema) else shape
    name = table_name(session, _path(node))
    dataset = find_dataset(session, name)
    source = tree.args.get("expression")
    if source is None:
        raise refusals.invalid_query("Syntax error: Expected keyword AS but got end of statement")
    body = options.for_table(options.read(session, tree))
    outcome = StatementResult("CREATE_VIEW", operation="CREATE", target={"ddlTargetTable": _reference(name)})
    session.ctx.authz.require(session.principal, "bigquery.tables.create", dataset)
    present = living_table(session, dataset, name.table)
    if present is not None and tree.args.get("exists"):
        outcome.operation = "SKIP"
        return outcome
    if present is not None and not tree.args.get("replace"):
        raise refusals.exists("Table", present.ref)
    for inner in real_tables(source):
        if len(table_parts(inner)) == 1:
            raise refusals.invalid_query(
                f'Table "{inner.name}" must be qualified with a dataset (e.g. dataset.table) in a view.'
            )
    _, columns, outcome.reads = describe(session, source)
    dataset = find_dataset(session, name)  # others may have changed something meanwhile
    if isinstance(shape, exp.Schema):
        renamed = [c.name for c in shape.expressions]
        if len(renamed) != len(columns):
            raise refusals.invalid_query(
                f"Column list of the view has {len(renamed)} names, its query {len(columns)} columns"
            )
        names = ", ".join(fields.quote(n).replace('"', "`") for n in renamed)
        text = f"WITH v({names}) AS ({source.sql('bigquery')}) SELECT * FROM v"  # noqa: S608
        columns = [c | {"name": n} for c, n in zip(columns, renamed, strict=True)]
    else:
        text = source.sql("bigquery")
    outcome.operation = "REPLACE" if present is not None else "CREATE"
    if not session.dry_run:
        tables.create(
            session, dataset, name.table, schema=columns, view_query=text, replace=present is not None, body=body
        )
    return outcome


def _alter_table(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """``ALTER TABLE|VIEW [IF EXISTS] path SET OPTIONS(...)``."""
    wanted = str(tree.args["kind"]).upper()
    name = table_name(session, _path(tree.this))
    outcome = StatementResult(f"ALTER_{wanted}", operation="ALTER", target={"ddlTargetTable": _reference(name)})
    dataset = find_dataset(session, name)
    table = living_table(session, dataset, name.table)
    if table is None:
        missing = Table(name.project, name.dataset, name.table)
        tables.require(session, dataset, missing, "bigquery.tables.update")
        if not tree.args.get("exists"):
            raise refusals.no_table(name.ref, session.location)
        outcome.operation = "SKIP"
        return outcome
    if (table.kind == "VIEW") != (wanted == "VIEW"):
        raise refusals.invalid(f"{table.ref} is not allowed for this operation because it is currently a {table.kind}.")
    body = options.for_table(options.read(session, tree))
    _replace_labels(body, table.labels)
    if session.dry_run:
        tables.require(session, dataset, table, "bigquery.tables.update")
    else:
        tables.change(session, dataset, table, body)
    return outcome


def _drop_table(session: QuerySession, tree: exp.Expr) -> StatementResult:
    node = (tree.args.get("tables") or [tree.this])[0]
    wanted = str(tree.args["kind"]).upper()
    name = table_name(session, _path(node))
    outcome = StatementResult(f"DROP_{wanted}", operation="DROP", target={"ddlTargetTable": _reference(name)})
    dataset = find_dataset(session, name)
    table = living_table(session, dataset, name.table)
    if table is None:
        # who may not delete here is not told whether there is such a table
        missing = Table(name.project, name.dataset, name.table)
        tables.require(session, dataset, missing, "bigquery.tables.delete")
        if not tree.args.get("exists"):
            raise refusals.no_table(name.ref, session.location)
        outcome.operation = "SKIP"
        return outcome
    if (table.kind == "VIEW") != (wanted == "VIEW"):
        raise refusals.invalid(f"{table.ref} is not allowed for this operation because it is currently a {table.kind}.")
    tables.require(session, dataset, table, "bigquery.tables.delete")
    if not session.dry_run:
        tables.remove(session, dataset, table)
    return outcome


def _reference(name: ResolvedName) -> JSON:
    return {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table}


def _declared(shape: exp.Expr) -> list[Field]:
    """The columns of ``CREATE TABLE t (id INT64 NOT NULL OPTIONS(description='x'), ...)``."""
    columns: list[Field] = []
    for column in shape.expressions if isinstance(shape, exp.Schema) else []:
        if not isinstance(column, exp.ColumnDef):
            continue  # PRIMARY KEY (x) NOT ENFORCED
        kind = column.args.get("kind")
        if kind is None:
            raise refusals.invalid_query(f"Column {column.name} has no type")
        try:
            field_ = fields.from_sql(column.name, kind)
        except fields.BadSchema as error:
            raise refusals.invalid_query(str(error)) from error
        for constraint in column.args.get("constraints") or []:
            if isinstance(constraint.kind, exp.NotNullColumnConstraint) and not constraint.kind.args.get("allow_null"):
                field_["mode"] = "REQUIRED"
            for option in constraint.kind.find_all(exp.Property):
                if option.name.lower() == "description":
                    field_["description"] = option.args["value"].name
        columns.append(field_)
    return columns


_HANDLERS: dict[tuple[type[exp.Expr], str], Callable[[QuerySession, exp.Expr], StatementResult]] = {
    (exp.Create, "SCHEMA"): _create_schema,
    (exp.Create, "TABLE"): _create_table,
    (exp.Create, "VIEW"): _create_view,
    (exp.Alter, "SCHEMA"): _alter_schema,
    (exp.Alter, "TABLE"): _alter_table,
    (exp.Alter, "VIEW"): _alter_table,
    (exp.Drop, "SCHEMA"): _drop_schema,
    (exp.Drop, "TABLE"): _drop_table,
    (exp.Drop, "VIEW"): _drop_table,
}
