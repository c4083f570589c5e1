"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields, reading, refusals, tables, values
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.names import (
    QuerySession,
    ResolvedName,
    find_dataset,
    real_tables,
    shorten_columns,
    table_name,
    table_parts,
)
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.query import binding_error, describe, living_table, to_duckdb
from kbq_tui.sandbox.bigquery.tokens import node_position
from kbq_tui.sandbox.bigquery.usage import compute
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
_AT_ONCE = 10_000
"""The most rows in one INSERT."""


def insert_rows(session: QuerySession, table: Table, rows: list[Row], columns: list[Field] | None = None) -> None:
    """Append all rows, or none if one is refused.

    Args:
        session: the caller's query.
        table: the table.
        rows: values as `values.plain` reads them.
        columns: the columns of the values, where the others get their default; None for all columns.

    Raises:
        ApiError: a value does not fit its column's type.
    """
    insert_groups(session, table, [(columns or table.schema, rows)])


def insert_groups(session: QuerySession, table: Table, groups: Iterable[tuple[list[Field], list[Row]]]) -> None:
    """Append rows with different sets of columns: all of them, or none if one is refused.

    Raises:
        ApiError: a value does not fit its column's type.
    """
    session.engine.execute("BEGIN")
    try:
        for columns, rows in groups:
            names = ", ".join(fields.quote(f["name"]) for f in columns)
            for start in range(0, len(rows), _AT_ONCE):
                text = values.rows_json(rows[start : start + _AT_ONCE], columns)
                sql = f"INSERT INTO {session.engine.name(table)} ({names}) {values.rows_sql(columns)}"
                session.engine.execute(sql, [text])
    except (duckdb.Error, fields.BadSchema) as error:
        session.engine.execute("ROLLBACK")
        if isinstance(error, fields.BadSchema):
            raise refusals.invalid(str(error)) from error
        raise bad_value(table.ref, error) from error
    session.engine.execute("COMMIT")
    session.world.touch(table)


def try_row(session: QuerySession, table: Table, columns: list[Field], row: Row) -> None:
    """Refuse a row that `insert_groups` would refuse.

    Raises:
        ApiError: a value does not fit its column's type.
    """
    session.engine.execute("BEGIN")
    try:
        names = ", ".join(fields.quote(f["name"]) for f in columns)
        sql = f"INSERT INTO {session.engine.name(table)} ({names}) {values.rows_sql(columns)}"
        session.engine.execute(sql, [values.rows_json([row], columns)])
    except duckdb.Error as error:
        raise bad_value(table.ref, error) from error
    finally:
        session.engine.execute("ROLLBACK")


def bad_value(ref: str, error: duckdb.Error) -> ApiError:
    """Turn DuckDB's refusal of a value into one that names the table."""
    required = re.search(r"NOT NULL constraint failed: \w+\.(\w+)", str(error))
    if required:
        return refusals.invalid(f"Missing required field: {required[1]}.")
    too_long = re.search(r"CHECK constraint failed .*?length\(\"?(.*?)\"?\) <= (\d+)", str(error))
    if too_long:
        return refusals.invalid(f"Field {too_long[1]}: value has a length greater than maximum {too_long[2]}")
    wrong = re.search(
        r"Could not (?:convert|parse) string .(.*?). to (?:type )?'?(\w+)|(?:value|string) \"(.*?)\"", str(error)
    )
    shown = f": {wrong[1] or wrong[3]}" if wrong else ""
    return refusals.invalid(f"Could not convert a value to the type of its column in {ref}{shown}")


def insert_stored(session: QuerySession, table: Table, stored: str, columns: list[Field] | None = None) -> None:
    """Append the rows of a DuckDB table.

    Args:
        session: the caller's query.
        table: the table.
        stored: the DuckDB table's name.
        columns: its columns, which are matched by name; None if it has those of `table`, in the same order.

    Raises:
        duckdb.Error: a value does not fit its column's type.
    """
    by_name = {f["name"].lower(): f for f in table.schema}
    wanted = [by_name[c["name"].lower()] for c in columns] if columns is not None else table.schema
    names = ", ".join(fields.quote(f["name"]) for f in wanted)
    shown = ", ".join(f"CAST(#{i} AS {fields.column_type(f)})" for i, f in enumerate(wanted, start=1))
    session.engine.execute(f"INSERT INTO {session.engine.name(table)} ({names}) SELECT {shown} FROM {stored}")  # noqa: S608
    session.world.touch(table)


def same_location(session: QuerySession, target: Dataset, tree: exp.Expr) -> None:
    """Refuse to read in one location and write in another.

    Raises:
        ApiError: a dataset that is read is in another location than `target`.
    """
    for node in real_tables(tree):
        name = table_name(session, table_parts(node))
        dataset = session.world.dataset(name.project, name.dataset)
        if dataset is not None and dataset.location != target.location:
            raise refusals.other_location(dataset.location, target.location)


def run(session: QuerySession, tree: exp.Expr) -> StatementResult:
    """Run INSERT, UPDATE, DELETE, MERGE or TRUNCATE."""
    kind = "TRUNCATE_TABLE" if isinstance(tree, exp.TruncateTable) else type(tree).__name__.upper()
    node = tree.expressions[0] if isinstance(tree, exp.TruncateTable) else tree.this
    node = node.this if isinstance(node, exp.Schema) else node
    if not isinstance(node, exp.Table):  # sqlglot accepts `TRUNCATE SELECT ...`
        raise refusals.invalid_query("Syntax error: Expected a table name")
    name = table_name(session, table_parts(node))
    project = session.project
    if not project.billing and kind != "TRUNCATE_TABLE":
        raise refusals.dml_not_free()
    dataset = find_dataset(session, name)
    table = living_table(session, dataset, name.table)
    tables.require(session, dataset, table or Table(*_ids(name)), "bigquery.tables.updateData")
    if table is None:
        raise refusals.no_table(name.ref, session.location)
    if table.view_query is not None:
        raise refusals.invalid_query(f"DML over table {table.ref} is not supported because it is a view.")
    if table.kind == "SNAPSHOT":
        raise refusals.invalid_query(f"DML over table {table.ref} is not supported because it is a table snapshot.")
    reading.check_key(session, table)
    same_location(session, dataset, tree)
    copied = tree.copy()
    shorten_columns(copied)
    target = copied.expressions[0] if isinstance(copied, exp.TruncateTable) else copied.this
    target = target.this if isinstance(target, exp.Schema) else target
    if isinstance(tree, exp.Insert):
        _check_insert(session, table, tree)
    physical = exp.to_identifier(session.engine.name(table), quoted=True)
    alias = target.args.get("alias")
    if alias is None and isinstance(tree, exp.Update | exp.Delete | exp.Merge):
        alias = exp.TableAlias(this=exp.to_identifier(table.table_id, quoted=True))
    if isinstance(tree, exp.Update | exp.Delete | exp.Merge):
        compute(copied, table, exp.Table(this=target.this.copy(), alias=alias))
    target.replace(exp.Table(this=physical, alias=alias))
    outcome = StatementResult(kind, changed=0, target={"destinationTable": tables.reference(table)})
    sql, outcome.reads = to_duckdb(session, copied, known=physical.name)
    if session.dry_run:
        return outcome
    if isinstance(tree, exp.TruncateTable):
        outcome.changed = session.engine.count(table)
        sql = f"DELETE FROM {session.engine.name(table)}"  # noqa: S608
    elif isinstance(tree, exp.Merge):
        sql += " RETURNING merge_action"
    if session.transaction is not None:
        session.transaction.before_write(session.engine, table)
    try:
        result = session.engine.run(sql, session.watch)
    except duckdb.TransactionException:
        raise refusals.concurrent_update(table.ref) from None
    except duckdb.Error as error:
        raise binding_error(session, tree, error) from error
    actions: Counter[str] = Counter()
    if isinstance(tree, exp.Merge):
        actions.update(str(row[0]) for row in result.rows)
        outcome.changed = actions.total()
    else:
        if not isinstance(tree, exp.TruncateTable):
            outcome.changed = int(result.rows[0][0]) if result.rows else 0
        actions["DELETE" if isinstance(tree, exp.TruncateTable) else kind] = outcome.changed or 0
    words = {"insertedRowCount": "INSERT", "deletedRowCount": "DELETE", "updatedRowCount": "UPDATE"}
    outcome.stats = {name: str(actions[word]) for name, word in words.items()}
    session.world.touch(table)
    return outcome


def _ids(name: ResolvedName) -> tuple[str, str, str]:
    return name.project, name.dataset, name.table


def _check_insert(session: QuerySession, table: Table, tree: exp.Insert) -> None:
    """Refuse columns that do not exist and values of another type: DuckDB would cast where BigQuery does not."""
    by_name = {f["name"].lower(): f for f in table.schema}
    columns = list(table.schema)
    if isinstance(tree.this, exp.Schema):
        columns = []
        for given in tree.this.expressions:
            if given.name.lower() not in by_name:
                at = node_position(session.sql, given)
                raise refusals.invalid_query(f"Column {given.name} is not present in table {table.ref} at {at}")
            columns.append(by_name[given.name.lower()])
    source = tree.args.get("expression")
    rows = source.expressions if isinstance(source, exp.Values) else []
    with session.world.lock.released():
        _check_values(session, tree, rows, columns)
    if not rows and source is not None:
        given_schema = describe(session, source)[1]
        if len(given_schema) != len(columns):
            raise refusals.invalid_query(
                f"Inserted row has wrong column count; Has {len(given_schema)}, expected {len(columns)} at "
                f"{node_position(session.sql, tree)}"
            )
        for position, (have, want) in enumerate(zip(given_schema, columns, strict=True), start=1):
            if not _assignable(have, want):
                raise refusals.invalid_query(
                    f"Query column {position} has type {fields.sql_type(have)} which cannot be inserted into column "
                    f"{want['name']}, which has type {fields.sql_type(want)} at {node_position(session.sql, tree)}"
                )


def _check_values(session: QuerySession, tree: exp.Insert, rows: list[exp.Expr], columns: list[Field]) -> None:
    """Refuse rows of VALUES with more or fewer values than columns, or with a literal of another type."""
    for row in rows:
        if len(row.expressions) != len(columns):
            at = node_position(session.sql, row)
            raise refusals.invalid_query(
                f"Inserted row has wrong column count; Has {len(row.expressions)}, expected {len(columns)} at {at}"
            )
        for value, column in zip(row.expressions, columns, strict=True):
            if isinstance(value, exp.Literal) and not _fits(value, column):
                kind = "STRING" if value.is_string else "INT64" if value.is_int else "FLOAT64"
                raise refusals.invalid_query(
                    f"Value has type {kind} which cannot be inserted into column {column['name']}, which has type "
                    f"{fields.sql_type(column)} at {node_position(session.sql, tree)}"
                )


_NUMERIC = ("INTEGER", "NUMERIC", "BIGNUMERIC", "FLOAT")
_FROM_TEXT = ("STRING", "DATE", "DATETIME", "TIME", "TIMESTAMP", "GEOGRAPHY", "INTERVAL", "BYTES", "JSON")


def _fits(value: exp.Literal, column: Field) -> bool:
    """Whether a column accepts a literal (GoogleSQL, "Conversion rules": literal coercion)."""
    if column.get("mode") == "REPEATED":
        return False
    if value.is_string:
        return column["type"] in _FROM_TEXT and column["type"] != "JSON"
    return column["type"] in (_NUMERIC if value.is_int else _NUMERIC[1:])


def _assignable(have: Field, want: Field) -> bool:
    if have.get("mode") == "REPEATED" or want.get("mode") == "REPEATED":
        return (have.get("mode") == "REPEATED") == (want.get("mode") == "REPEATED")
    if have["type"] == want["type"]:
        return True
    both = have["type"] in _NUMERIC and want["type"] in _NUMERIC
    return both and _NUMERIC.index(have["type"]) <= _NUMERIC.index(want["type"])
