"""How the schema of a table may change, and when rows of another schema may be written into it.

https://cloud.google.com/bigquery/docs/managing-table-schemas
"""

from collections.abc import Collection
from typing import Any

from kbq_tui.sandbox.bigquery import fields, refusals
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.query import constant
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
ADDITION, RELAXATION = "ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"


def checked(given: list[JSON]) -> list[Field]:
    """Check a schema and give it in the API's spelling.

    Raises:
        ApiError: it is not valid.
    """
    try:
        return fields.normalise(given)
    except fields.BadSchema as error:
        raise refusals.invalid(str(error)) from error


def defaults(session: QuerySession, columns: list[Field]) -> dict[str, str]:
    """DuckDB's SQL for the default value of each column that has one.

    Raises:
        ApiError: an expression is not valid.
    """
    found = {}
    for column in columns:
        expression = column.get("defaultValueExpression")
        if expression:
            try:
                sql = constant(session, str(expression))
            except ApiError as error:
                text = f"Invalid default value expression for column {column['name']}: {error.message}"
                raise refusals.invalid(text) from error
            found[column["name"]] = f"(CAST(({sql}) AS {fields.column_type(column)}))"
    return found


def replace(session: QuerySession, table: Table, given: list[JSON]) -> None:
    """Give a table another schema, as ``tables.patch`` does: columns may be added and relaxed.

    Raises:
        ApiError: a column would be removed, change its type or become required.
    """
    wanted = checked(given)
    if not table.schema:
        table.schema = wanted
        session.engine.create(table, defaults(session, wanted))
        return
    _compare(table, table.schema, wanted, (ADDITION, RELAXATION), whole=True)
    _apply(session, table, wanted)


def adapt(session: QuerySession, table: Table, columns: list[Field], options: Collection[str]) -> None:
    """Change a table so that rows with these columns can be written, as far as ``schemaUpdateOptions`` allow.

    Raises:
        ApiError: the columns do not fit, or the options do not allow the change.
    """
    if not table.schema:
        table.schema = columns
        session.engine.create(table, defaults(session, columns))
        return
    _compare(table, table.schema, columns, options, whole=False)
    given = {c["name"].lower(): c for c in columns}
    merged = []
    for old in table.schema:
        new = given.get(old["name"].lower())
        relaxed = old.get("mode") == "REQUIRED" and RELAXATION in options and (new is None or new["mode"] == "NULLABLE")
        merged.append(old | {"mode": "NULLABLE"} if relaxed else old)
    known = {old["name"].lower() for old in table.schema}
    merged += [
        c | ({"mode": "NULLABLE"} if c.get("mode") == "REQUIRED" else {})
        for c in columns
        if c["name"].lower() not in known
    ]
    _apply(session, table, merged)


def alter(session: QuerySession, table: Table, added: list[Field], dropped: list[Field]) -> None:
    """Add and drop columns, as ``ALTER TABLE`` does.

    Raises:
        ApiError: a new column would be required, or no column would be left.
    """
    for column in added:
        if column.get("mode") == "REQUIRED":
            raise refusals.invalid_query(f"Cannot add column {column['name']}: a new column must be nullable")
    kept = [f for f in table.schema if f not in dropped]
    if not [*kept, *added]:
        raise refusals.invalid_query("Cannot drop the only column of a table")
    _apply(session, table, [*table.schema, *added])
    for column in dropped:
        session.engine.drop_column(table, column)
    table.schema = [f for f in table.schema if f not in dropped]


def _mismatch(table: Table, text: str) -> ApiError:
    return refusals.invalid(f"Provided Schema does not match Table {table.ref}. {text}")


def _compare(
    table: Table, present: list[Field], wanted: list[Field], options: Collection[str], *, whole: bool, above: str = ""
) -> None:
    by_name = {f["name"].lower(): f for f in wanted}
    for old in present:
        name = above + old["name"]
        new = by_name.get(old["name"].lower())
        if new is None:
            if whole:
                raise _mismatch(table, f"Field {name} is missing in new schema")
            continue
        if new["type"] != old["type"]:
            raise _mismatch(table, f"Field {name} has changed type from {old['type']} to {new['type']}")
        before, after = old.get("mode") or "NULLABLE", new.get("mode") or "NULLABLE"
        relaxes = (before, after) == ("REQUIRED", "NULLABLE")
        narrows = (before, after) == ("NULLABLE", "REQUIRED")
        if before != after and not (relaxes and (RELAXATION in options or not whole)) and not (narrows and not whole):
            raise _mismatch(table, f"Field {name} has changed mode from {before} to {after}")
        if relaxes and not whole and RELAXATION not in options:
            raise _mismatch(table, f"Field {name} has changed mode from {before} to {after}")
        if old["type"] == "RECORD":
            _compare(table, old["fields"], new["fields"], options, whole=whole, above=f"{name}.")
    known = {f["name"].lower() for f in present}
    for field in wanted:
        if field["name"].lower() in known:
            continue
        if ADDITION not in options:
            raise _mismatch(table, f"Cannot add fields (field: {above}{field['name']})")
        if field.get("mode") == "REQUIRED" and whole:
            raise _mismatch(table, f"Cannot add required fields to an existing schema. (field: {above}{field['name']})")


def _apply(session: QuerySession, table: Table, wanted: list[Field]) -> None:
    texts = defaults(session, wanted)
    before = {f["name"].lower(): f for f in table.schema}
    for field in wanted:
        old = before.get(field["name"].lower())
        if old is None:
            session.engine.add_column(table, field)
        elif fields.column_type(old) != fields.column_type(field):
            session.engine.change_type(table, field)
        if old is not None and old.get("mode") == "REQUIRED" and field.get("mode") != "REQUIRED":
            session.engine.relax(table, field)
        if field["name"] in texts or (old or {}).get("defaultValueExpression"):
            session.engine.set_default(table, field, texts.get(field["name"], "NULL"))
    order = {f["name"].lower(): f for f in wanted}
    kept = [order[name] for name in before]  # rows are stored with their columns in this order
    table.schema = kept + [f for f in wanted if f["name"].lower() not in before]
