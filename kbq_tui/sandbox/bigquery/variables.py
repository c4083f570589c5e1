"""Variables of a script: ``DECLARE`` and ``SET``.

https://cloud.google.com/bigquery/docs/reference/standard-sql/procedural-language#declare
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields, refusals, values
from kbq_tui.sandbox.bigquery.casts import big_number
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.tokens import node_position
from kbq_tui.sandbox.resources import Table

_NUMBERS = ("INTEGER", "NUMERIC", "BIGNUMERIC", "FLOAT")


def declared(session: QuerySession, tree: exp.Expr) -> list[tuple[str, Field | None, exp.Expr | None]]:
    """The name, type and default of every variable that a ``DECLARE`` creates; no type if the default determines it.

    Raises:
        ApiError: a name is in use, or a type does not exist.
    """
    found: list[tuple[str, Field | None, exp.Expr | None]] = []
    for item in tree.expressions:
        kind, default = item.args.get("kind"), item.args.get("default") or None
        for name in item.this:
            if name.name.lower() in session.variables:
                at = node_position(session.sql, name)
                raise refusals.invalid_query(f"Variable '{name.name}' redeclaration at {at}")
            try:
                column = fields.from_sql("value", kind) if kind is not None else None
            except fields.BadSchema as error:
                raise refusals.invalid_query(str(error)) from error
            found.append((name.name.lower(), column, default))
    return found


def assigned(session: QuerySession, tree: exp.Expr) -> tuple[str, Field, exp.Expr]:
    """The name and type of the variable that a ``SET`` changes, and its new value.

    Raises:
        ApiError: the variable does not exist, or several are set at once.
    """
    change = tree.expressions[0].this if len(tree.expressions) == 1 else None
    if not isinstance(change, exp.EQ) or not isinstance(change.this, exp.Column):
        raise refusals.invalid_query("SET of several variables, or of a system variable, is not supported here")
    name = change.this.name
    if name.lower() not in session.variables:
        at = node_position(session.sql, change.this)
        raise refusals.invalid_query(f"Undeclared variable: {name} at {at}")
    return name.lower(), session.variables[name.lower()][0], change.expression


def store(session: QuerySession, name: str, wanted: Field | None, found: Field, value: Any, *, literal: bool) -> None:
    """Set the value of a variable.

    Args:
        session: the script's session.
        name: its name, in lower case.
        wanted: the declared type; None for that of the value.
        found: the type of the value.
        value: the value as DuckDB gave it.
        literal: whether it is a literal, so that a string may be read as a date, for example.

    Raises:
        ApiError: the value is of another type.
    """
    column = wanted or found
    same = column["type"] == found["type"] and column.get("mode") == found.get("mode")
    numbers = column["type"] in _NUMBERS and found["type"] in _NUMBERS
    widened = numbers and _NUMBERS.index(found["type"]) <= _NUMBERS.index(column["type"])
    from_literal = literal and (
        found["type"] == "STRING" or (found["type"] == "FLOAT" and column["type"] in _NUMBERS[1:])
    )
    if value is not None and not (same or widened or from_literal):
        raise refusals.invalid_query(
            f"Cannot coerce expression to type {fields.sql_type(column)}: it has type {fields.sql_type(found)}"
        )
    if isinstance(value, dict) and column["type"] == "RECORD" and len(value) == len(column["fields"]):
        # members are matched by position
        value = dict(zip([f["name"] for f in column["fields"]], value.values(), strict=True))
    try:
        plain = values.plain(value, column)
    except fields.BadSchema as error:
        raise refusals.invalid_query(str(error)) from error
    session.variables[name] = (column | {"name": "value"}, plain)


def bind(session: QuerySession, tree: exp.Expr, tables: Iterable[Table]) -> None:
    """Replace the variables in a statement by their values. A column with the same name takes precedence.

    Args:
        session: the script's session.
        tree: the statement.
        tables: the tables that it reads.
    """
    if not session.variables:
        return
    taken = {f["name"].lower() for table in tables for f in table.schema}
    taken |= {alias.alias.lower() for alias in tree.find_all(exp.Alias, exp.TableAlias, exp.CTE)}
    taken |= {name.name.lower() for alias in tree.find_all(exp.TableAlias) for name in alias.args.get("columns") or []}
    sources = {table.name.lower() for table in tree.find_all(exp.Table)}
    for column in list(tree.find_all(exp.Column)):
        name = column.name.lower()
        row = column.table.lower()
        if row in session.variables and row not in sources | taken:
            member = exp.to_identifier(column.name, quoted=True)
            column.replace(exp.Dot(this=exp.paren(_constant(*session.variables[row])), expression=member))
            continue
        if column.table or name in taken or name not in session.variables:
            continue
        value = _constant(*session.variables[name])
        is_result = isinstance(column.parent, exp.Select) and column.arg_key == "expressions"
        column.replace(exp.alias_(value, column.name, quoted=True) if is_result else value)


def _constant(column: Field, plain: Any) -> exp.Expr:
    if plain is None:
        return exp.cast(exp.null(), fields.duck_type(column), dialect="duckdb")
    if fields.is_wide(column):
        return big_number(plain)
    parts = [json.dumps([plain]), json.dumps([values.layout(column)])]
    read = exp.Anonymous(this="from_json", expressions=[exp.Literal.string(part) for part in parts])
    listed = exp.cast(read, f"{fields.duck_type(column)}[]", dialect="duckdb")
    return exp.Anonymous(this="list_extract", expressions=[listed, exp.Literal.number(1)])
