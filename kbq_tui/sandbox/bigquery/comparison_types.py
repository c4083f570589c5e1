"""Comparisons of values of different types, which BigQuery refuses and DuckDB answers after a cast.

Types are known only after DuckDB has bound a statement. So a copy of the statement is bound, not run, in which each
comparison depends on a format of `strftime`, which DuckDB reads when it binds: where the two types cannot be compared,
that format is an error which names them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#comparison_operators
https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#coercion
"""

import itertools
import re
from typing import Final

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.duck import call, case, finish, literal
from kbq_tui.sandbox.bigquery.names import QuerySession

SIGNS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.In: "IN",
    exp.Between: "BETWEEN", exp.Sub: "-", exp.Nullif: "NULLIF", exp.Case: "CASE",
}  # fmt: skip
_MARK = "compared"
_WORD = "kbq-types"
_FOUND = re.compile(_WORD + r"\|([^|']+)\|([^|']+)\|([^|']+)")
_MOST = 300
"""The most comparisons of one statement that are checked."""
_KINDS = {
    "text": "VARCHAR", "bytes": "BLOB", "bool": "BOOLEAN", "time": "TIME", "timestamp": "TIMESTAMP WITH TIME ZONE",
    "datetime": "DATE|TIMESTAMP", "number": r"TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UBIGINT|FLOAT|DOUBLE|DECIMAL.*",
}  # fmt: skip
"""DuckDB's types by kind, as regular expressions. Types of one kind can be compared."""
_MOMENTS = ("datetime", "timestamp", "time")
_NAMES = {
    "VARCHAR": "STRING", "BLOB": "BYTES", "BOOLEAN": "BOOL", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "TIMESTAMP": "DATETIME", "DOUBLE": "FLOAT64", "DECIMAL(38,9)": "NUMERIC", "DECIMAL(38,19)": "BIGNUMERIC",
    "INTEGER": "INT64", "BIGINT": "INT64", "HUGEINT": "INT64",
}  # fmt: skip


def mark(node: exp.Expr) -> None:
    """Mark a comparison as written by the caller, unlike those that the translation adds."""
    node.meta[_MARK] = True


def check(session: QuerySession, tree: exp.Expr) -> None:
    """Refuse a translated statement that compares two types that cannot be compared, or subtracts a DATE from a DATE.

    Raises:
        ApiError: it does.
    """
    with session.world.lock.released():
        if not any(_is_marked(node) for node in tree.walk()):
            return
        copied = tree.copy()
        marked = [node for node in copied.walk() if _is_marked(node)]
        if len(marked) > _MOST:
            return
        for node in reversed(marked):
            if node.parent is not None:
                probes = [(_probe(node, left, right), exp.null()) for left, right in _pairs(node)]
                node.replace(case(*probes, default=node.copy()) if probes else node.copy())
        finish(copied)
        text = copied.sql("duckdb")
    try:
        session.engine.bind(text, session.watch)
        return
    except duckdb.Error as failure:
        found = _FOUND.search(str(failure))
    if found is None:
        return  # binding the statement itself will show what is wrong with it
    sign, *kinds = found.groups()
    names = ", ".join(_NAMES.get(kind, kind) for kind in kinds)
    if sign == "-":
        raise refusals.unsupported("DATE - DATE")
    raise refusals.invalid_query(f"No matching signature for operator {sign} for argument types: {names}")


def _is_marked(node: exp.Expr) -> bool:
    return type(node) in SIGNS and bool(node.meta.get(_MARK))


def _pairs(node: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if isinstance(node, exp.In):
        return [(node.this, other) for other in node.expressions]
    if isinstance(node, exp.Between):
        return [(node.this, node.args["low"]), (node.this, node.args["high"])]
    if isinstance(node, exp.Case):
        return [(node.this, branch.this) for branch in node.args["ifs"]] if node.this is not None else []
    return [(node.this, node.expression)]


def _probe(node: exp.Expr, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Build a condition that is never true, and that cannot be bound if the two types cannot be compared."""
    kinds = [call("typeof", side.copy()) for side in (left, right)]
    parts = [literal(f"%!{_WORD}|{SIGNS[type(node)]}|"), kinds[0], literal("|"), kinds[1], literal("|")]
    message = parts[0]
    for part in parts[1:]:
        message = exp.DPipe(this=message, expression=part)
    pair = exp.DPipe(this=exp.DPipe(this=kinds[0].copy(), expression=literal("/")), expression=kinds[1].copy())
    if isinstance(node, exp.Sub):
        return _unbound(exp.EQ(this=pair, expression=literal("DATE/DATE")), message)
    wrong = [
        f"({_KINDS[one]})/({_KINDS[other]})"
        for one, other in itertools.permutations(_KINDS, 2)
        if not _is_coerced(one, other, left, right)
    ]
    return _unbound(call("regexp_matches", pair, literal(f"^({'|'.join(wrong)})$")), message)


def _unbound(when: exp.Expr, message: exp.Expr) -> exp.Expr:
    form = case((when, message), default=literal("%Y"))
    return exp.Is(this=call("strftime", exp.cast(literal("2000-01-01"), "DATE"), form), expression=exp.null())


def _is_coerced(one: str, other: str, *sides: exp.Expr) -> bool:
    """Whether a string literal or a parameter is read as a date or time."""
    written = any(isinstance(side.unnest().find(exp.Literal, exp.Column), exp.Literal) for side in sides)
    return written and "text" in (one, other) and bool({one, other} & set(_MOMENTS))
