"""UNION, EXCEPT and INTERSECT of columns of types that BigQuery refuses and DuckDB would cast.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#supertypes
"""

from typing import Final

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import comparison_types, refusals
from kbq_tui.sandbox.bigquery.names import QuerySession

_KINDS: Final = ({"INTEGER", "FLOAT", "NUMERIC", "BIGNUMERIC"}, {"DATE", "DATETIME"})
_MOMENTS: Final = {"DATE", "DATETIME", "TIMESTAMP", "TIME"}
"""The types that a string literal is coerced to."""
_NAMES: Final = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
_MOST: Final = 50
"""The maximum number of set operations of one statement that are checked."""


def check(session: QuerySession, tree: exp.Expr) -> None:
    """Refuse a translated statement that puts values of two types without a common supertype into one column.

    An operation that reads a table of an enclosing WITH is not checked.

    Raises:
        ApiError: it does.
    """
    with session.world.lock.released():
        found = list(tree.find_all(exp.SetOperation))[:_MOST]
        sides = [[_side(node, part) for part in (node.this, node.expression)] for node in found]
    for node, texts in zip(found, sides, strict=True):
        try:
            one, other = (session.engine.describe(text, session.watch) for text in texts)
        except duckdb.Error:
            continue
        for at, (first, second) in enumerate(zip(one, other, strict=False)):
            kinds = (first["type"], second["type"])
            if kinds[0] == kinds[1]:
                continue
            values = [_value(part, at) for part in (node.this, node.expression)]
            if {*kinds} == {"NUMERIC", "BIGNUMERIC"}:
                raise refusals.unsupported(f"{_sign(node)} of {' and '.join(kinds)}")
            if any({*kinds} <= each for each in _KINDS):
                _coerce(values, kinds)
                continue
            text = any(value is not None and comparison_types.is_text(value) for value in values)
            if any(isinstance(value, exp.Null) for value in values):
                continue
            if text and {*kinds} & _MOMENTS:
                raise refusals.unsupported(f"{_sign(node)} of a date or time and a string literal or parameter")
            raise refusals.invalid_query(
                f"Column {at + 1} in {_sign(node)} has incompatible types: "
                f"{_NAMES.get(kinds[0], kinds[0])}, {_NAMES.get(kinds[1], kinds[1])}"
            )


def _coerce(values: list[exp.Expr | None], kinds: tuple[str, str]) -> None:
    """A literal with a point is of the type of the NUMERIC on the other side."""
    for value, other in zip(values, reversed(kinds), strict=True):
        if value is not None and other == "NUMERIC" and comparison_types.is_decimal_literal(value):
            value.replace(exp.cast(value.copy(), "DECIMAL(38, 9)"))


def _side(node: exp.SetOperation, part: exp.Expr) -> str:
    side = part.copy()
    if node.args.get("with_") is not None and isinstance(side, exp.Query) and side.args.get("with_") is None:
        side.set("with_", node.args["with_"].copy())
    return side.sql("duckdb", copy=False)


def _value(part: exp.Expr, at: int) -> exp.Expr | None:
    """Return the expression that a side selects as a column; None if it is not known."""
    selects = part.selects if isinstance(part, exp.Query) else []
    return selects[at].unalias() if at < len(selects) else None


def _sign(node: exp.SetOperation) -> str:
    return f"{type(node).__name__.upper()} {'DISTINCT' if node.args.get('distinct') else 'ALL'}"
