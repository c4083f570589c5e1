"""Operands, results of CASE and the like, arguments and casts of types that BigQuery refuses and DuckDB would cast.

Types are known only after DuckDB has bound a statement. So a copy of the statement is bound, not run, in which each
such expression depends on a format of `strftime`, which DuckDB reads when it binds: where BigQuery refuses the types,
that format is an error which names them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#comparison_operators
https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

import itertools
import re
from functools import cache
from typing import Final

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import date_parts, refusals
from kbq_tui.sandbox.bigquery.duck import call, case, finish, literal
from kbq_tui.sandbox.bigquery.fields import GEOGRAPHY, RANGE
from kbq_tui.sandbox.bigquery.names import QuerySession

SIGNS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.In: "IN",
    exp.Between: "BETWEEN", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Nullif: "NULLIF", exp.Case: "CASE",
    exp.Length: "LENGTH", exp.Lower: "LOWER", exp.Upper: "UPPER", exp.Sqrt: "SQRT", exp.Sum: "SUM", exp.Avg: "AVG",
    exp.If: "IF", exp.Coalesce: "COALESCE", exp.Array: "ARRAY", exp.Greatest: "GREATEST", exp.Least: "LEAST",
}  # fmt: skip
_CHECKED: Final = {*SIGNS, exp.Cast, exp.TryCast, exp.Extract, *date_parts.FUNCTIONS}
_MARK = "compared"
_FOUND = re.compile(r"kbq-types\|(\d+)\|([^|']+)\|([^|']+)")
_MOST = 300
"""The maximum number of expressions of one statement that are checked."""
_KINDS = {
    "text": "VARCHAR", "bytes": "BLOB", "bool": "BOOLEAN", "time": "TIME", "timestamp": "TIMESTAMP WITH TIME ZONE",
    "datetime": "DATE|TIMESTAMP", "number": r"TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UBIGINT|FLOAT|DOUBLE|DECIMAL.*",
}  # fmt: skip
"""DuckDB's types by kind, as regular expressions. Types of one kind can be compared."""
_NEEDS: Final[dict[type[exp.Expr], tuple[str, ...]]] = {
    **dict.fromkeys((exp.Length, exp.Lower, exp.Upper), ("text", "bytes")),
    **dict.fromkeys((exp.Sqrt, exp.Sum, exp.Avg), ("number",)),
}
"""Functions of one argument, and the kinds that it may be of."""
_MOMENTS = ("datetime", "timestamp", "time")
_DIFFERENCES = (
    "DATE/DATE", "DATE/TIMESTAMP", "TIMESTAMP/DATE", "TIMESTAMP/TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE/TIMESTAMP WITH TIME ZONE",
)  # fmt: skip
"""Dates and times whose difference is an INTERVAL: of days for dates, else of hours, minutes and seconds.

https://github.com/google/zetasql/blob/master/docs/operators.md#date_and_timestamp_subtraction
"""
_NAMES = {
    "VARCHAR": "STRING", "BLOB": "BYTES", "BOOLEAN": "BOOL", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "TIMESTAMP": "DATETIME", "DOUBLE": "FLOAT64", "DECIMAL(38,9)": "NUMERIC", "DECIMAL(38,19)": "BIGNUMERIC",
    "INTEGER": "INT64", "BIGINT": "INT64", "HUGEINT": "INT64",
}  # fmt: skip
_INTS = "TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UBIGINT"
_EXACT = r"DECIMAL.*|UNION.*"
_DAYS = "VARCHAR|DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE"
_CASTS: Final[dict[exp.DType, str]] = {
    exp.DType.BIGINT: rf"{_INTS}|{_EXACT}|FLOAT|DOUBLE|BOOLEAN|VARCHAR",
    exp.DType.DOUBLE: rf"{_INTS}|{_EXACT}|FLOAT|DOUBLE|VARCHAR",
    exp.DType.DECIMAL: rf"{_INTS}|{_EXACT}|FLOAT|DOUBLE|VARCHAR",
    exp.DType.BOOLEAN: f"{_INTS}|BOOLEAN|VARCHAR",
    exp.DType.TEXT: rf"{_INTS}|{_EXACT}|FLOAT|DOUBLE|BOOLEAN|VARCHAR|BLOB|TIME|INTERVAL|{_DAYS}",
    exp.DType.VARBINARY: "VARCHAR|BLOB",
    exp.DType.DATE: _DAYS,
    exp.DType.TIMESTAMP: _DAYS,
    exp.DType.TIMESTAMPTZ: _DAYS,
    exp.DType.TIME: "VARCHAR|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE",
    exp.DType.INTERVAL: "VARCHAR|INTERVAL",
    exp.DType.JSON: "JSON",
}
"""By target type: the types that can be cast to it, as a regular expression. Others can only be cast to themselves."""
_SAME = {
    exp.DType.VARCHAR: exp.DType.TEXT, exp.DType.BINARY: exp.DType.VARBINARY, exp.DType.DATETIME: exp.DType.TIMESTAMP,
    exp.DType.BIGDECIMAL: exp.DType.DECIMAL,
}  # fmt: skip


def mark(node: exp.Expr, *, part: str = "") -> None:
    """Mark an expression as written by the caller, unlike those that the translation adds.

    Args:
        node: the expression.
        part: the part of a date or time that it takes of its operand.
    """
    node.meta[_MARK] = True
    if part:
        node.meta[date_parts.PART] = part


def check(session: QuerySession, tree: exp.Expr) -> None:
    """Refuse a translated statement with types that BigQuery refuses.

    The difference of two dates or times is changed to the INTERVAL that it is in BigQuery.

    Raises:
        ApiError: it has such types.
    """
    while True:
        with session.world.lock.released():
            marked = [node for node in tree.walk() if _is_marked(node)]
            if not marked or len(marked) > _MOST:
                return
            text = _probing(tree, marked)
        try:
            session.engine.bind(text, session.watch)
            return
        except duckdb.Error as failure:
            found = _FOUND.search(str(failure))
        if found is None:
            return  # binding the statement itself will show what is wrong with it
        node = marked[int(found[1])]
        if isinstance(node, exp.Sub) and f"{found[2]}/{found[3]}" in _DIFFERENCES:
            for same in [other for other in marked if isinstance(other, exp.Sub) and other == node]:
                same.replace(_difference(same, days=found[2] == found[3] == "DATE"))
            continue
        if _part(node):
            raise date_parts.refusal(node, found[2])
        raise _refusal(node, *(_name(kind) for kind in found.group(2, 3)))


def _probing(tree: exp.Expr, marked: list[exp.Expr]) -> str:
    """Return a statement that cannot be bound if BigQuery refuses the types of a marked expression.

    The check of an expression is made of its original operands, without the checks in them: otherwise the statement
    would double with each level of nesting.
    """
    copied = tree.copy()
    places = [node for node in copied.walk() if _is_marked(node)]
    numbers: dict[tuple[exp.Expr, str], int] = {}  # equal expressions stay equal, as GROUP BY needs
    for number, original in enumerate(marked):
        numbers.setdefault((original, _part(original)), number)
    probes: list[exp.Expr]
    for node, original in reversed(list(zip(places, marked, strict=True))):
        number = numbers[original, _part(original)]
        if node.parent is None:
            continue
        if _part(original):
            types = literal(date_parts.allowed(original))
            probes = [
                call("kbq_cast", value.copy(), exp.null(), types.copy(), literal(str(number)))
                for value in date_parts.operands(original)
            ]
        elif isinstance(original, exp.Cast):
            probes = [_cast_probe(number, original)]
        else:
            probes = [_probe(number, original, *pair) for pair in _pairs(original) if not _is_evident(*pair)]
        node.replace(case(*((probe, exp.null()) for probe in probes), default=node.copy()) if probes else node.copy())
    finish(copied)
    return copied.sql("duckdb")


def _name(kind: str) -> str:
    if kind.endswith("[]"):
        return f"ARRAY<{_name(kind.removesuffix('[]'))}>"
    for start, name in ((f"STRUCT({RANGE[0]} ", "RANGE"), (f"STRUCT({GEOGRAPHY} ", "GEOGRAPHY")):
        if kind.startswith(start):
            return name
    if kind.startswith("DECIMAL"):
        return _NAMES.get(kind, "FLOAT64")  # a literal
    return _NAMES.get(kind, kind)


def _part(node: exp.Expr) -> str:
    part: str = node.meta.get(date_parts.PART, "")
    return part


def _refusal(node: exp.Expr, one: str, other: str) -> Exception:
    if isinstance(node, exp.Cast):
        if any(kind in one and kind in other for kind in ("STRUCT", "ARRAY")) or "RANGE" in (one, other):
            return refusals.unsupported(f"CAST from {one} to {other}")
        return refusals.invalid_query(f"Invalid cast from {one} to {other}")
    sign = SIGNS[type(node)]
    if type(node) in _NEEDS:
        return refusals.invalid_query(f"No matching signature for function {sign} for argument type: {one}")
    if sign == "ARRAY":
        return refusals.invalid_query(f"Array elements of types {{{one}, {other}}} do not have a common supertype")
    return refusals.invalid_query(f"No matching signature for operator {sign} for argument types: {one}, {other}")


def _is_marked(node: exp.Expr) -> bool:
    return type(node) in _CHECKED and bool(node.meta.get(_MARK))


def _difference(node: exp.Sub, *, days: bool) -> exp.Expr:
    if days:
        return exp.func("to_days", exp.cast(exp.paren(exp.Sub(this=node.this, expression=node.expression)), "INTEGER"))
    moments = (node.expression, node.this)
    return exp.func("to_microseconds", exp.Anonymous(this="date_diff", expressions=[literal("microsecond"), *moments]))


def _pairs(node: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if type(node) in _NEEDS:
        value = call("any_value", node.this.copy()) if isinstance(node, exp.AggFunc) else node.this
        return [(value, exp.null())]
    if isinstance(node, exp.In):
        return [(node.this, other) for other in node.expressions]
    if isinstance(node, exp.Between):
        return [(node.this, node.args["low"]), (node.this, node.args["high"])]
    if isinstance(node, exp.Case):
        values = [(node.this, branch.this) for branch in node.args["ifs"]] if node.this is not None else []
        return values + _with_first([*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")])
    if isinstance(node, exp.If):
        return _with_first([node.args["true"], node.args.get("false")])
    if isinstance(node, exp.Array):
        return _with_first(node.expressions)
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return _with_first([node.this, *node.expressions])
    return [(node.this, node.expression)]


def _with_first(values: list[exp.Expr | None]) -> list[tuple[exp.Expr, exp.Expr]]:
    given = [value for value in values if value is not None and not isinstance(value, exp.Null)]
    return [(given[0], other) for other in given[1:]]


def _cast_probe(number: int, node: exp.Cast) -> exp.Expr:
    kind = _SAME.get(node.to.this, node.to.this)
    target = exp.Cast(this=exp.null(), to=node.to.copy())
    allowed = _CASTS.get(kind)
    if allowed is None:
        return call("kbq_cast_to_itself", node.this.copy(), target, literal(str(number)))
    return call("kbq_cast", node.this.copy(), target, literal(allowed), literal(str(number)))


def _probe(number: int, node: exp.Expr, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Build a condition that is never true, and that cannot be bound if the two types cannot be compared."""
    if isinstance(node, exp.Sub):
        pattern = f"({'|'.join(_DIFFERENCES)})"
    elif type(node) in _NEEDS:
        pattern = f"({'|'.join(form for kind, form in _KINDS.items() if kind not in _NEEDS[type(node)])})/.*"
    else:
        written = any(isinstance(side.unnest().find(exp.Literal, exp.Column), exp.Literal) for side in (left, right))
        pattern = _wrong(written)
    return call("kbq_differ", left.copy(), right.copy(), literal(pattern), literal(str(number)))


@cache
def _wrong(written: bool) -> str:
    """Give the pairs of types that cannot be compared, as a regular expression.

    Args:
        written: one of the two is a literal or a parameter: a string is then read as a date or time.
    """
    return "|".join(
        f"({_KINDS[one]})/({_KINDS[other]})"
        for one, other in itertools.permutations(_KINDS, 2)
        if not (written and "text" in (one, other) and {one, other} & set(_MOMENTS))
    )


def _is_evident(left: exp.Expr, right: exp.Expr) -> bool:
    """Whether both are literals of one kind, as in most arrays: nothing needs to be bound to know that."""
    if isinstance(left, exp.Literal) and isinstance(right, exp.Literal):
        return left.is_string == right.is_string
    return isinstance(left, exp.Boolean) and isinstance(right, exp.Boolean)
