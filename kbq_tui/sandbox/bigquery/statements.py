"""Runs each kind of statement: SELECT, DDL, DML, GRANT and REVOKE."""

from collections.abc import Callable
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import (
    access_statements,
    dml,
    fields,
    functions,
    hidden,
    options,
    project_options,
    refusals,
    routines,
    schema_change,
    table_copies,
    table_kind,
    tables,
    transactions,
    values,
    variables,
    writing,
)
from kbq_tui.sandbox.bigquery.access_statements import path_of, replace_labels
from kbq_tui.sandbox.bigquery.engine import TooLarge
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    ResolvedName,
    find_dataset,
    real_tables,
    table_name,
    table_parts,
)  # fmt: skip
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.own_statements import GrantStatement, ProjectOptions, RowPolicyChange, TableCopy
from kbq_tui.sandbox.bigquery.query import binding_error, describe, living_table
from kbq_tui.sandbox.bigquery.syntax import Statement
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]


def run(session: QuerySession, statement: Statement) -> StatementResult:
    """Run one statement; on a dry run only check it.

    Raises:
        ApiError: BigQuery would refuse it.
    """
    tree = statement.tree
    if isinstance(tree, GrantStatement):
        return access_statements.grant(session, tree)
    if isinstance(tree, ProjectOptions):
        return project_options.set_options(session, tree)
    if isinstance(tree, RowPolicyChange):
        return access_statements.row_policy(session, tree)
    if isinstance(tree, TableCopy):
        return table_copies.run(session, tree)
    if isinstance(tree, exp.Query):
        return select(session, tree)
    if isinstance(tree, exp.Transaction | exp.Commit | exp.Rollback):
        return _transaction(session, tree)
    if functions.is_temporary(tree):
        functions.define(session, tree)
        return StatementResult("CREATE_FUNCTION")
    if functions.is_definition(tree):
        return routines.create_function(session, tree, statement.sql)
    if isinstance(tree, exp.Declare | exp.Set):
        return _variables(session, tree)
    # `parse_script` returns only statements of these kinds
    handler = _HANDLERS.get((type(tree), str(tree.args.get("kind") or "").upper())) or dml.run
    return handler(session, tree)


def select(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run a query."""
    sql, schema, reads = describe(session, tree)
    if session.dry_run:
        return StatementResult("SELECT", schema, reads=reads)
    try:
        rows = session.engine.run(sql, session.watch, columns=schema).rows
        values.check_nulls(rows, schema)
        values.check_range(rows, schema)
    except TooLarge:
        raise refusals.response_too_large() from None
    except fields.BadSchema as error:
        raise refusals.invalid_query(str(error)) from error
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error
    return StatementResult("SELECT", schema, rows, reads)


def select_into(session: QuerySession, tree: exp.Expr, config: JSON) -> StatementResult:
    """Run a query whose result is written into ``destinationTable``, by its dispositions and
    ``schemaUpdateOptions``."""
    sql, schema, reads = describe(session, tree)
    target = writing.target_of(session, config)
    writing.check(session, config, target, "WRITE_EMPTY")
    outcome = StatementResult("SELECT", schema, reads=reads)
    if session.dry_run:
        return outcome
    body = {key: config[key] for key in ("timePartitioning", "rangePartitioning", "clustering") if config.get(key)}
    try:
        with session.engine.stored(sql, session.watch) as stored:
            target = writing.target_of(session, config)  # another call may have changed something in the meantime
            table = writing.prepared(session, config, target, schema, body, named=True, default="WRITE_EMPTY")
            dml.insert_stored(session, table, stored, schema)
            outcome.rows = session.engine.run(f"SELECT * FROM {stored}", session.watch, columns=schema).rows  # noqa: S608
    except TooLarge:
        pass  # rows beyond an answer's limit are in the table
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error
    outcome.target = {"destinationTable": tables.reference(table)}
    return outcome


def _transaction(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run ``BEGIN TRANSACTION``, ``COMMIT TRANSACTION`` or ``ROLLBACK TRANSACTION``."""
    words = {exp.Transaction: "BEGIN", exp.Commit: "COMMIT", exp.Rollback: "ROLLBACK"}
    word = words[type(tree)]  # type: ignore[index]
    if not session.dry_run:
        if word == "BEGIN":
            transactions.begin(session)
        else:
            transactions.end(session, undo=word == "ROLLBACK")
    return StatementResult(f"{word}_TRANSACTION")


def _variables(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run ``DECLARE`` or ``SET``."""
    changes = (
        variables.declared(session, tree) if isinstance(tree, exp.Declare) else [variables.assigned(session, tree)]
    )
    outcome = StatementResult("SELECT" if isinstance(tree, exp.Set) else "")
    for name, wanted, value in changes:
        if value is None:
            assert wanted is not None  # sqlglot requires a type or a default
            variables.store(session, name, wanted, wanted, None, literal=False)
            continue
        found = select(session, exp.select(value.copy()))
        assert found.schema is not None
        given = found.rows[0][0] if found.rows else None  # a dry run evaluates nothing
        variables.store(session, name, wanted, found.schema[0], given, literal=isinstance(value, exp.Literal))
        outcome.reads.tables += found.reads.tables
        outcome.reads.sizes += found.reads.sizes
        outcome.schema, outcome.rows = found.schema, found.rows
    return outcome


# -- tables


def _create_table(session: QuerySession, tree: exp.Expr) -> StatementResult:
    shape = tree.this
    node = shape.this if isinstance(shape, exp.Schema) else shape
    if tree.find(exp.TemporaryProperty):
        name = ResolvedName(session.project.id, session.temporary, path_of(node)[-1])
        dataset = hidden.temporary_dataset(session)
    else:
        name = table_name(session, path_of(node))
        dataset = find_dataset(session, name)
    source = tree.args.get("expression")
    is_external = tree.meta.get("kind") == "EXTERNAL"
    given = options.read(session, tree)
    body = options.for_external(given) if is_external else options.for_table(given)
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
    if not columns and is_external:
        # BigQuery would read the schema from the files; the sandbox has no Cloud Storage
        raise refusals.no_file(str((body["externalDataConfiguration"].get("sourceUris") or [""])[0]))
    if not columns:
        raise refusals.invalid_query("CREATE TABLE without a column list or AS SELECT is not supported")
    if session.dry_run:
        return outcome
    replace = bool(tree.args.get("replace"))
    if source is None:
        tables.create(session, dataset, name.table, schema=columns, replace=replace, body=body)
        return outcome
    try:
        # the query may read the table that it replaces, so its rows are computed first
        with session.engine.stored(rows_sql, session.watch) as stored:
            dataset = find_dataset(session, name)  # another call may have changed something in the meantime
            table = tables.create(session, dataset, name.table, schema=columns, replace=replace, body=body)
            outcome.target |= {"destinationTable": tables.reference(table)}
            dml.insert_stored(session, table, stored)
    except duckdb.Error as error:
        raise binding_error(session, source, error) from error
    return outcome


def _create_view(session: QuerySession, tree: exp.Expr) -> StatementResult:
    shape = tree.this
    node = shape.this if isinstance(shape, exp.Schema) else shape
    name = table_name(session, path_of(node))
    dataset = find_dataset(session, name)
    source = tree.args.get("expression")
    if source is None:
        raise refusals.invalid_query("Syntax error: Expected keyword AS but got end of statement")
    given = options.read(session, tree)
    materialized = tree.find(exp.MaterializedProperty) is not None
    body = options.for_materialized_view(given) if materialized else options.for_table(given)
    kind = "CREATE_MATERIALIZED_VIEW" if materialized else "CREATE_VIEW"
    outcome = StatementResult(kind, operation="CREATE", target={"ddlTargetTable": _reference(name)})
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
    _, columns, outcome.reads = describe(session, source, defines_view=True)
    dataset = find_dataset(session, name)  # another call may have changed something in the meantime
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
    """Run ``ALTER TABLE|VIEW [IF EXISTS] path SET OPTIONS(...)`` or ``ALTER TABLE path ADD|DROP COLUMN ...``."""
    wanted = str(tree.args["kind"]).upper()
    name = table_name(session, path_of(tree.this))
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
    if (table.kind if table.view_query is not None else "TABLE") != wanted:
        raise refusals.invalid(f"{table.ref} is not allowed for this operation because it is currently a {table.kind}.")
    if not isinstance(tree.args["actions"][0], exp.AlterSet):
        return _alter_columns(session, dataset, table, tree, outcome)
    body = options.for_table(options.read(session, tree))
    replace_labels(body, table.labels)
    if session.dry_run:
        tables.require(session, dataset, table, "bigquery.tables.update")
    else:
        tables.change(session, dataset, table, body)
    return outcome


def _alter_columns(
    session: QuerySession, dataset: Dataset, table: Table, tree: exp.Expr, outcome: StatementResult
) -> StatementResult:
    tables.require(session, dataset, table, "bigquery.tables.update")
    by_name = {f["name"].lower(): f for f in table.schema}
    added: list[Field] = []
    dropped: list[Field] = []
    for action in tree.args["actions"]:
        if isinstance(action, exp.ColumnDef):
            column = _column(action)
            if column["name"].lower() not in by_name:
                added.append(column)
            elif not action.args.get("exists"):
                raise refusals.invalid_query(f"Column already exists: {column['name']}")
        else:
            name = action.args["tables"][0].name
            if name.lower() in by_name:
                dropped.append(by_name[name.lower()])
            elif not action.args.get("exists"):
                raise refusals.invalid_query(f"Column not found: {name}")
    if not session.dry_run:
        schema_change.alter(session, table, added, dropped)
        session.world.touch(table)
    return outcome


def _drop_table(session: QuerySession, tree: exp.Expr) -> StatementResult:
    node = (tree.args.get("tables") or [tree.this])[0]
    kept = str(tree.meta.get("kind") or "")
    wanted = ("MATERIALIZED_" if tree.args.get("materialized") else "") + str(tree.args["kind"]).upper()
    wanted = f"{kept}_{wanted}" if kept else wanted
    name = table_name(session, path_of(node))
    outcome = StatementResult(f"DROP_{wanted}", operation="DROP", target={"ddlTargetTable": _reference(name)})
    dataset = find_dataset(session, name)
    table = living_table(session, dataset, name.table)
    if table is None:
        # a caller who may not delete here is not told whether the table exists
        missing = Table(name.project, name.dataset, name.table)
        tables.require(session, dataset, missing, "bigquery.tables.delete")
        if not tree.args.get("exists"):
            raise refusals.no_table(name.ref, session.location)
        outcome.operation = "SKIP"
        return outcome
    _check_kind(table, wanted, kept)
    tables.require(session, dataset, table, "bigquery.tables.delete")
    if not session.dry_run:
        tables.remove(session, dataset, table)
    return outcome


def _check_kind(table: Table, wanted: str, word: str) -> None:
    """Refuse to drop a table by the statement for another kind.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#drop_external_table

    Raises:
        ApiError: it is of another kind.
    """
    kind = table_kind.kind(table)
    if kind == wanted.removesuffix("_TABLE") or (kind == "EXTERNAL" and wanted == "TABLE"):
        return
    if word:
        article = "An external table" if word == "EXTERNAL" else "A table snapshot"
        raise refusals.invalid(f"Cannot drop {table.ref} which has type {kind}. {article} was expected.")
    raise refusals.invalid(f"{table.ref} is not allowed for this operation because it is currently a {kind}.")


def _reference(name: ResolvedName) -> JSON:
    return {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table}


def _declared(shape: exp.Expr) -> list[Field]:
    """The columns of ``CREATE TABLE t (id INT64 NOT NULL OPTIONS(description='x'), ...)``."""
    columns: list[Field] = []
    for column in shape.expressions if isinstance(shape, exp.Schema) else []:
        if not isinstance(column, exp.ColumnDef):
            continue  # PRIMARY KEY (x) NOT ENFORCED
        columns.append(_column(column))
    return columns


def _column(column: exp.Expr) -> Field:
    """A column as a statement declares it.

    Raises:
        ApiError: its type does not exist.
    """
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
        if isinstance(constraint.kind, exp.DefaultColumnConstraint):
            field_["defaultValueExpression"] = constraint.kind.this.sql("bigquery")
        for option in constraint.kind.find_all(exp.Property):
            if option.name.lower() == "description":
                field_["description"] = option.args["value"].name
    return field_


_HANDLERS: dict[tuple[type[exp.Expr], str], Callable[[QuerySession, exp.Expr], StatementResult]] = {
    (exp.Create, "SCHEMA"): access_statements.create_schema,
    (exp.Create, "TABLE"): _create_table,
    (exp.Create, "VIEW"): _create_view,
    (exp.Alter, "SCHEMA"): access_statements.alter_schema,
    (exp.Alter, "TABLE"): _alter_table,
    (exp.Alter, "VIEW"): _alter_table,
    (exp.Drop, "SCHEMA"): access_statements.drop_schema,
    (exp.Drop, "TABLE"): _drop_table,
    (exp.Drop, "VIEW"): _drop_table,
    (exp.Drop, "FUNCTION"): routines.drop_function,
}
