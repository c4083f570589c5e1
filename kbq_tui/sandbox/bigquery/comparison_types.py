"""Operands, results of CASE and the like, arguments and casts of types that BigQuery refuses and DuckDB would cast.

Types are known only after DuckDB has bound a statement. So a copy of the statement is bound, not run, in which each
such expression depends on a format of `strftime`, which DuckDB reads when it binds: where BigQuery refuses the types,
that format is an error which names them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#comparison_operators
https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

import re
from typing import Final

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import date_parts, refusals
from kbq_tui.sandbox.bigquery.duck import KINDS, call, case, finish, literal
from kbq_tui.sandbox.bigquery.fields import GEOGRAPHY, RANGE
from kbq_tui.sandbox.bigquery.names import QuerySession

SIGNS: Final[dict[type[exp.Expr], str]] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.In: "IN",
    exp.Between: "BETWEEN", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Nullif: "NULLIF", exp.Case: "CASE",
    exp.Length: "LENGTH", exp.Lower: "LOWER", exp.Upper: "UPPER", exp.Sqrt: "SQRT", exp.Sum: "SUM", exp.Avg: "AVG",
    exp.If: "IF", exp.Coalesce: "COALESCE", exp.Array: "ARRAY", exp.Greatest: "GREATEST", exp.Least: "LEAST",
}  # fmt: skip
_CHECKED: Final = {*SIGNS, exp.Cast, exp.TryCast, exp.Extract, *date_parts.FUNCTIONS}
_RETURNING = (exp.Case, exp.If, exp.Coalesce, exp.Array, exp.Greatest, exp.Least)
"""Expressions whose result is one of their operands, in a type that all of them have."""
_WIDENED = r"DECIMAL.38,9./DECIMAL.38,19.|DECIMAL.38,19./DECIMAL.38,9."
_COERCED = r"DECIMAL.38,(?:9|19)./DOUBLE|DOUBLE/DECIMAL.38,(?:9|19)."
_READ = "(?:DATE|TIME|TIMESTAMP.*)/VARCHAR|VARCHAR/(?:DATE|TIME|TIMESTAMP.*)"
"""Pairs of DuckDB's types that have another common type in BigQuery: the BIGNUMERIC, and that of the other for literals
and parameters."""
_MARK = "compared"
_FOUND = re.compile(r"kbq-types\|(\d+)\.(\d+)\|([^|']+)\|([^|']+)")
_MOST = 300
"""The maximum number of expressions of one statement that are checked."""
_NEEDS: Final[dict[type[exp.Expr], tuple[str, ...]]] = {
    **dict.fromkeys((exp.Length, exp.Lower, exp.Upper), ("text", "bytes")),
    **dict.fromkeys((exp.Sqrt, exp.Sum, exp.Avg), ("number",)),
}
"""Functions of one argument, and the kinds that it may be of."""
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
            session.engine.bind(text, session.watch, query=isinstance(tree, exp.Query))
            return
        except duckdb.Error as failure:
            found = _FOUND.search(str(failure))
        if found is None:
            return  # binding the statement itself will show what is wrong with it
        node, pair, kinds = marked[int(found[1])], int(found[2]), found.group(3, 4)
        if _part(node):
            raise date_parts.refusal(node, kinds[0])
        alike = [other for other in marked if other == node]  # as GROUP BY needs
        if isinstance(node, exp.Sub) and "/".join(kinds) in _DIFFERENCES:
            for same in alike:
                same.replace(_difference(same, days=kinds == ("DATE", "DATE")))
            continue
        if type(node) in _RETURNING and re.fullmatch(_coercible(*_pairs(node)[pair]), "/".join(kinds)):
            for same in alike:
                _coerce(*_pairs(same)[pair], *kinds)
            continue
        raise _refusal(node, *(_name(kind) for kind in kinds))


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
                call("kbq_cast", value.copy(), exp.null(), types.copy(), literal(f"{number}.0"))
                for value in date_parts.operands(original)
            ]
        elif isinstance(original, exp.Cast):
            probes = [_cast_probe(f"{number}.0", original)]
        else:
            probes = [
                _probe(f"{number}.{at}", original, *pair)
                for at, pair in enumerate(_pairs(original))
                if not _is_evident(*pair)
            ]
        node.replace(case(*((probe, exp.null()) for probe in probes), default=node.copy()) if probes else node.copy())
    finish(copied)
    return copied.sql("duckdb", copy=False)


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


def _difference(node: exp.Expr, *, days: bool) -> exp.Expr:
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


def is_decimal_literal(value: exp.Expr) -> bool:
    """Whether a value is a number with a point, which is translated to a cast; one that the caller wrote is marked."""
    value = value.this if isinstance(value, exp.Neg) else value
    given = value.this if isinstance(value, exp.Cast) and not value.meta.get(_MARK) else None
    return isinstance(given, exp.Literal) and not given.is_string


def _coercible(left: exp.Expr, right: exp.Expr) -> str:
    """Give the pairs of types of which one has to be given that of the other, as a regular expression."""
    pattern = _WIDENED
    if is_decimal_literal(left) != is_decimal_literal(right):
        pattern += f"|{_COERCED}"
    if is_text_parameter(left) != is_text_parameter(right):
        pattern += f"|{_READ}"
    return pattern


def is_text(value: exp.Expr) -> bool:
    """Whether a value is a literal or parameter of type STRING, which may be read as a date or time."""
    return is_text_parameter(value) or (isinstance(value, exp.Literal) and value.is_string)


def is_text_parameter(value: exp.Expr) -> bool:
    """Whether a value is a parameter of type STRING, which is translated to a cast."""
    if not isinstance(value, exp.Cast) or value.meta.get(_MARK) or not value.to.is_type(*exp.DataType.TEXT_TYPES):
        return False
    return isinstance(value.this, exp.Null) or (isinstance(value.this, exp.Literal) and value.this.is_string)


def _coerce(left: exp.Expr, right: exp.Expr, one: str, other: str) -> None:
    """Give a literal, a parameter, or the NUMERIC beside a BIGNUMERIC the type of the other operand."""
    for value, kind, wanted in ((left, one, other), (right, other, one)):
        if kind in ("DOUBLE", "VARCHAR") or (wanted.startswith("DECIMAL(38,19") and kind.startswith("DECIMAL")):
            value.replace(exp.cast(value.copy(), wanted, dialect="duckdb"))


def _cast_probe(number: str, node: exp.Cast) -> exp.Expr:
    kind = _SAME.get(node.to.this, node.to.this)
    target = exp.Cast(this=exp.null(), to=node.to.copy())
    allowed = _CASTS.get(kind)
    if allowed is None:
        return call("kbq_cast_to_itself", node.this.copy(), target, literal(number))
    return call("kbq_cast", node.this.copy(), target, literal(allowed), literal(number))


def _probe(number: str, node: exp.Expr, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Build a condition that is never true, and that cannot be bound if the two types cannot be compared."""
    if isinstance(node, exp.Sub):
        return _differ(number, left, right, f"({'|'.join(_DIFFERENCES)})")
    if type(node) in _NEEDS:
        wrong = (form for kind, form in KINDS.items() if kind not in _NEEDS[type(node)])
        return _differ(number, left, right, f"({'|'.join(wrong)})/.*")
    written = any(is_text(side.unnest()) for side in (left, right))  # a string that is read as a date or time
    name = "kbq_unlike_if_read" if written else "kbq_unlike"
    unlike = call(name, left.copy(), right.copy(), literal(number))
    if type(node) not in _RETURNING:
        return unlike
    return exp.or_(unlike, _differ(number, left, right, _coercible(left, right)), copy=False)


def _differ(number: str, left: exp.Expr, right: exp.Expr, pattern: str) -> exp.Expr:
    return call("kbq_differ", left.copy(), right.copy(), literal(pattern), literal(number))


def _is_evident(left: exp.Expr, right: exp.Expr) -> bool:
    """Whether both are literals of one kind, as in most arrays: nothing needs to be bound to know that."""
    if isinstance(left, exp.Literal) and isinstance(right, exp.Literal):
        return left.is_string == right.is_string
    return isinstance(left, exp.Boolean) and isinstance(right, exp.Boolean)
