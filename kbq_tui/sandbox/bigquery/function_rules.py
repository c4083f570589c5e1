"""Translates functions of GoogleSQL that DuckDB evaluates differently, or answers where BigQuery refuses.

https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
"""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import casts, comparison_types, refusals
from kbq_tui.sandbox.bigquery.duck import call, case, error, is_type, literal, unless

_ZERO = exp.Literal.number(0)
_ONE = exp.Literal.number(1)

_NAMES = """
ARRAY_FILTER ARRAY_FIRST ARRAY_INCLUDES ARRAY_LAST ARRAY_TRANSFORM CODE_POINTS_TO_BYTES CODE_POINTS_TO_STRING
COLLATE EDIT_DISTANCE FARM_FINGERPRINT FLOAT64 FROM_BASE32 IEEE_DIVIDE INT64 JSON_ARRAY JSON_KEYS JSON_OBJECT
JSON_REMOVE JSON_SET JSON_STRIP_NULLS JUSTIFY_DAYS JUSTIFY_HOURS JUSTIFY_INTERVAL LAX_BOOL LAX_FLOAT64 LAX_INT64
LAX_STRING NORMALIZE NORMALIZE_AND_CASEFOLD PARSE_BIGNUMERIC PARSE_NUMERIC PARSE_TIME RANGE_BUCKET SAFE_ADD
SAFE_CONVERT_BYTES_TO_STRING SAFE_MULTIPLY SAFE_NEGATE SAFE_SUBTRACT SEARCH SOUNDEX TIME_TRUNC TO_BASE32
TO_CODE_POINTS APPROX_QUANTILES APPROX_TOP_COUNT APPROX_TOP_SUM J_S_O_N_BOOL
"""
GOOGLES: Final = frozenset(_NAMES.split())
"""Functions of BigQuery that neither sqlglot nor DuckDB knows, so that the refusal can say that they are not
supported."""


# -- numbers


def _less(value: exp.Expr, other: exp.Expr, *, or_equal: bool = False) -> exp.Expr:
    kind = exp.LTE if or_equal else exp.LT
    return kind(this=exp.paren(value.copy()), expression=other.copy())


def _whole_division(node: exp.Expr) -> exp.Expr:
    """DIV; sqlglot writes its operands without the parentheses that they need, and in DuckDB x / 0
    is NULL."""
    left, right = exp.paren(node.this.copy()), exp.paren(node.expression.copy())
    if _is_not_zero(node.expression):
        return exp.IntDiv(this=left, expression=right)
    zero = exp.EQ(this=right.copy(), expression=_ZERO.copy())
    return unless(zero, exp.IntDiv(this=left, expression=right), "division by zero: DIV")


def _is_not_zero(divisor: exp.Expr) -> bool:
    """Whether a divisor is a literal other than 0, so that the division cannot fail."""
    return isinstance(divisor, exp.Literal) and divisor.is_int and int(divisor.name) != 0


def _remainder(node: exp.Expr) -> exp.Expr:
    """MOD(x, 0) is an error; in DuckDB it is NULL."""
    if _is_not_zero(node.expression):
        return node
    right = exp.paren(node.expression.copy())
    zero = exp.EQ(this=right, expression=_ZERO.copy())
    return unless(zero, node, "division by zero: MOD")


def _square_root(node: exp.Expr) -> exp.Expr:
    comparison_types.mark(node)
    return unless(_less(node.this, _ZERO), node, "SQRT: Argument less than zero is an error")


def _logarithm(node: exp.Expr) -> exp.Expr:
    value = node.expression if isinstance(node, exp.Log) and node.expression is not None else node.this
    return unless(_less(value, _ZERO, or_equal=True), node, "LOG: Argument less than or equal to zero is an error")


def _power(node: exp.Expr) -> exp.Expr:
    base, exponent = exp.paren(node.this.copy()), exp.paren(node.expression.copy())
    zero = exp.and_(exp.EQ(this=base, expression=_ZERO.copy()), _less(exponent, _ZERO))
    fraction = exp.NEQ(this=call("floor", exponent.copy()), expression=exponent.copy())
    root = exp.and_(_less(base, _ZERO), fraction)
    return unless(exp.or_(zero, root), node, "POW: Such a base with such an exponent is an error")


def _cube_root(node: exp.Expr) -> exp.Expr:
    raise refusals.unsupported("CBRT")


def _interval(node: exp.Expr) -> exp.Expr:
    raise refusals.unsupported("MAKE_INTERVAL")


# -- strings and bytes


def _string(node: exp.Expr) -> exp.Expr:
    """``STRING(json)``, ``STRING(timestamp[, zone])``."""
    zone = node.args.get("zone")
    if zone is not None and zone.name.upper() != "UTC":
        raise refusals.unsupported("STRING with another time zone than UTC")
    value = node.this
    plain = casts.to_string(exp.Cast(this=value.copy(), to=exp.DataType.build("TEXT")), checked=False)
    inside = call("json_extract_string", exp.cast(value.copy(), "VARCHAR"), literal("$"))
    is_text = exp.EQ(this=call("json_type", exp.cast(value.copy(), "VARCHAR")), expression=literal("VARCHAR"))
    checked = case((is_text, inside), default=error(literal("STRING: The JSON value is no string, which is an error")))
    return case((is_type(value, "JSON"), checked), default=plain)


def _byte_length(node: exp.Expr) -> exp.Expr:
    """DuckDB counts the bytes of a string and of a BLOB by two different functions."""
    text, blob = (exp.cast(node.this.copy(), kind) for kind in ("VARCHAR", "BLOB"))
    return case((is_type(node.this, "BLOB"), call("octet_length", blob)), default=call("strlen", text))


def _position(node: exp.Expr) -> exp.Expr:
    """INSTR from a position, or of a given occurrence."""
    for key in ("position", "occurrence"):
        given = node.args.get(key)
        if given is not None and not (isinstance(given, exp.Literal) and given.name == "1"):
            raise refusals.unsupported(f"INSTR by {key}")
        node.set(key, None)
    return node


def _code_point(node: exp.Expr) -> exp.Expr:
    """0 for an empty string; DuckDB's function gives -1."""
    empty = exp.EQ(this=exp.paren(node.this.copy()), expression=literal(""))
    return case((empty, _ZERO.copy()), default=node.copy())


def not_negative(node: exp.Expr, key: str, name: str) -> exp.Expr:
    """A function whose length argument must not be negative."""
    length = node.args.get(key)
    if length is not None and not (isinstance(length, exp.Literal) and length.is_int):
        node.set(key, unless(_less(length, _ZERO), length, f"{name}: A negative length is an error"))
    return node


def _collation(node: exp.Expr) -> exp.Expr:
    raise refusals.unsupported("COLLATE")


def _joined_texts(node: exp.Expr) -> exp.Expr:
    """STRING_AGG with LIMIT, which DuckDB does not have."""
    if isinstance(node.this, exp.Limit):
        raise refusals.unsupported("STRING_AGG with LIMIT")
    return node


def _pad(node: exp.Expr) -> exp.Expr:
    return not_negative(node, "expression", "LPAD/RPAD")


def _repeat(node: exp.Expr) -> exp.Expr:
    return not_negative(node, "times", "REPEAT")


# -- arrays


def _joined_arrays(node: exp.Expr) -> exp.Expr:
    """ARRAY_CONCAT_AGG with LIMIT, which DuckDB does not have."""
    if node.find(exp.Limit) is not None:
        raise refusals.unsupported("ARRAY_CONCAT_AGG with LIMIT")
    return node


def _slice(node: exp.Expr) -> exp.Expr:
    """ARRAY_SLICE counts from 0, or from -1 at the end; DuckDB counts from 1."""
    ends = []
    for key in ("start", "end"):
        value = exp.paren(node.args[key].copy())
        ends.append(
            case((_less(value, _ZERO), value.copy()), default=exp.Add(this=value.copy(), expression=_ONE.copy()))
        )
    return call("list_slice", node.this.copy(), *ends)


def _element(node: exp.Expr) -> exp.Expr:
    """``array[OFFSET(n)]`` is an error beyond the end of the array.

    sqlglot adds 1 only where it knows that the index is a number.
    """
    if node.args.get("offset") is not None:
        whole = [i if isinstance(i, exp.Literal) else exp.cast(i.copy(), "BIGINT") for i in node.expressions]
        node.set("expressions", whole)
    if node.args.get("safe") is not False or node.args.get("offset") is None or len(node.expressions) != 1:
        return node
    index = exp.paren(node.expressions[0].copy())
    first = int(node.args["offset"])
    most = exp.Add(this=call("len", node.this.copy()), expression=exp.Literal.number(first - 1))
    outside = exp.or_(_less(index, exp.Literal.number(first)), exp.GT(this=index.copy(), expression=most))
    shown = exp.DPipe(this=literal("Array index "), expression=exp.cast(index.copy(), "VARCHAR"))
    message = exp.DPipe(this=shown, expression=literal(" is out of bounds"))
    return case((outside, error(message)), default=node.copy())


def _series(node: exp.Expr) -> exp.Expr:
    """GENERATE_ARRAY of NULL is NULL."""
    given = [node.args[key] for key in ("start", "end", "step") if node.args.get(key) is not None]
    if all(isinstance(part, exp.Literal) for part in given):
        return node
    missing = exp.or_(*(exp.Is(this=exp.paren(part.copy()), expression=exp.null()) for part in given))
    return case((exp.not_(missing), node.copy()))


# -- comparisons


def _kind(node: exp.Expr) -> str:
    """The type of a literal; empty for everything else."""
    node = node.unnest()
    if isinstance(node, exp.ByteString):
        return "BYTES"
    if isinstance(node, exp.Literal):
        return "STRING" if node.is_string else "INT64" if node.is_int else "FLOAT64"
    return "BOOL" if isinstance(node, exp.Boolean) else ""


def _compare(node: exp.Expr) -> exp.Expr:
    """Numbers, strings and bytes cannot be compared with each other; DuckDB would cast one of them."""
    left, right = _kind(node.this), _kind(node.expression)
    if left and right and left != right and {left, right} != {"INT64", "FLOAT64"}:
        sign = comparison_types.SIGNS[type(node)]
        raise refusals.invalid_query(f"No matching signature for operator {sign} for argument types: {left}, {right}")
    comparison_types.mark(node)
    return node


def _typed(node: exp.Expr) -> exp.Expr:
    """Mark other comparisons, and functions that return one of several values; their types are checked later."""
    if not isinstance(node, exp.If) or not isinstance(node.parent, exp.Case):
        comparison_types.mark(node)
    return node


def _of_kind(node: exp.Expr) -> exp.Expr:
    """Mark functions whose argument DuckDB would cast."""
    if not isinstance(node.parent, exp.Window) and not isinstance(node.this, exp.Distinct):
        comparison_types.mark(node)
    return node


def _safe(node: exp.Expr) -> exp.Expr:
    """``SAFE.F(...)`` is NULL where F would fail."""
    return call("try", node.this.copy())


def _is_nan(value: exp.Expr) -> exp.Expr:
    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    return exp.and_(is_type(value, "DOUBLE"), call("isnan", number))


def _least(node: exp.Expr) -> exp.Expr:
    """LEAST of NaN is NaN; in DuckDB NaN is the greatest number."""
    comparison_types.mark(node)
    given = [node.this, *node.expressions]
    greatest = exp.Greatest(this=given[0].copy(), expressions=[each.copy() for each in given[1:]])
    return case((exp.or_(*(_is_nan(each) for each in given)), greatest), default=node.copy())


def _minimum(node: exp.Expr) -> exp.Expr:
    """MIN is NaN if one of the numbers is; in DuckDB NaN is the greatest number."""
    least = node.this if isinstance(node, exp.Window) else node
    if not isinstance(least, exp.Min) or isinstance(node.parent, exp.Window | exp.Filter):
        return node
    value = least.this.expressions[0] if isinstance(least.this, exp.Distinct) else least.this

    def over(aggregate: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Window):
            return aggregate
        window = node.copy()
        window.set("this", aggregate)
        return window

    has_nan = call("coalesce", over(call("bool_or", _is_nan(value))), exp.false())
    return case((has_nan, over(exp.Max(this=value.copy()))), default=node.copy())


def _long_hash(node: exp.Expr) -> exp.Expr:
    """DuckDB has no SHA-512."""
    if node.args.get("length") is not None and node.args["length"].name == "512":
        raise refusals.unsupported("SHA512")
    return node


RULES: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.ArrayConcatAgg: _joined_arrays,
    exp.ArraySlice: _slice,
    exp.Bracket: _element,
    exp.ByteLength: _byte_length,
    exp.Cbrt: _cube_root,
    exp.Collate: _collation,
    exp.GenerateSeries: _series,
    exp.GroupConcat: _joined_texts,
    exp.IntDiv: _whole_division,
    exp.Least: _least,
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.MakeInterval: _interval,
    exp.Min: _minimum,
    exp.Mod: _remainder,
    exp.Pad: _pad,
    exp.Pow: _power,
    exp.Repeat: _repeat,
    exp.Sqrt: _square_root,
    exp.StrPosition: _position,
    exp.String: _string,
    exp.Unicode: _code_point,
    exp.Window: _minimum,
    exp.SafeFunc: _safe,
    exp.SHA2: _long_hash,
    exp.SHA2Digest: _long_hash,
    **dict.fromkeys((exp.Avg, exp.Length, exp.Lower, exp.Sum, exp.Upper), _of_kind),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _compare),
    **dict.fromkeys(
        (exp.Between, exp.Case, exp.Coalesce, exp.Div, exp.Greatest, exp.If, exp.In, exp.Mul, exp.Nullif), _typed
    ),
}
