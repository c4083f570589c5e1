"""Puts query parameters into a statement's tree.

https://cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter
"""

from typing import Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import casts, expressions, fields, refusals, values
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.tokens import position

JSON = dict[str, Any]


def bind(session: QuerySession, tree: exp.Expr) -> None:
    """Replace ``@name`` and ``?`` by their values.

    Raises:
        ApiError: one is missing or not valid.
    """
    nodes = list(tree.walk())
    for node in (each for each in nodes if isinstance(each, exp.Parameter)):
        given = session.parameters.get(node.name.lower())
        if given is None:
            at = position(session.sql, max(session.sql.lower().find(f"@{node.name.lower()}"), 0))
            raise refusals.invalid_query(f"Query parameter '{node.name}' not found at {at}")
        node.replace(_value(given))
    for index, place in enumerate(each for each in nodes if isinstance(each, exp.Placeholder)):
        if index >= len(session.positional):
            raise refusals.invalid_query("Query parameter number is out of range; not enough positional parameters")
        place.replace(_value(session.positional[index]))


def _value(given: JSON) -> exp.Expr:
    return _typed(given.get("parameterType") or {}, given.get("parameterValue") or {})


def _typed(kind: JSON, value: JSON) -> exp.Expr:
    name = str(kind.get("type") or "STRING").upper()
    if name == "ARRAY":
        element = kind.get("arrayType") or {}
        items = [_typed(element, v) for v in value.get("arrayValues") or []]
        return exp.cast(exp.Array(expressions=items), f"{_duck_type(element)}[]", dialect="duckdb")
    if name == "STRUCT":
        inner = value.get("structValues") or {}
        members = {}
        for number, member in enumerate(kind.get("structTypes") or [], start=1):
            called = str(member.get("name") or "")
            members[called or f"_field_{number}"] = _typed(member.get("type") or {}, inner.get(called) or {})
        return expressions.structure(**members)
    if name == "RANGE":
        ends = value.get("rangeValue") or {}
        element = kind.get("rangeElementType") or {}
        start, end = (_typed(element, ends.get(side) or {}) for side in ("start", "end"))
        return expressions.range_of(start, end, exp.DataType.build(_duck_type(element), dialect="duckdb"))
    text = value.get("value")
    column = _column(kind)
    if text is not None and name in ("BYTES", "INTERVAL", "BIGNUMERIC", "GEOGRAPHY"):
        try:
            text = values.plain(text, column)
        except fields.BadSchema as error:
            raise refusals.invalid(f"Invalid value for type: {name} of a query parameter: {error}") from error
    if name == "GEOGRAPHY":
        shown = exp.null() if text is None else exp.Literal.string(text[fields.GEOGRAPHY])
        return expressions.geography(exp.cast(shown, "VARCHAR"))
    literal: exp.Expr = exp.null() if text is None else exp.Literal.string(str(text))
    if text is not None and name == "BIGNUMERIC":
        return casts.big_number(text)
    return exp.cast(literal, fields.duck_type(column), dialect="duckdb")


def _duck_type(kind: JSON) -> str:
    return fields.duck_type(_column(kind))


def _column(kind: JSON) -> JSON:
    """A column of a parameter's type.

    Raises:
        ApiError: the type does not exist.
    """
    name = str(kind.get("type") or "STRING").upper()
    if name == "ARRAY":
        return _column(kind.get("arrayType") or {}) | {"mode": "REPEATED"}
    given: JSON = {"name": "p", "type": name}
    if name == "STRUCT":
        members = list(enumerate(kind.get("structTypes") or [], start=1))
        given["fields"] = [
            _column(member.get("type") or {}) | {"name": str(member.get("name") or f"_field_{number}")}
            for number, member in members
        ]
    if name == "RANGE":
        given["rangeElementType"] = kind.get("rangeElementType") or {}
    try:
        return fields.normalise([given])[0]
    except fields.BadSchema as error:
        raise refusals.invalid(f"Invalid parameter type: {name}") from error
