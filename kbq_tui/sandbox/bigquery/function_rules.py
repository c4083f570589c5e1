"""Translates functions of GoogleSQL that DuckDB evaluates differently, or answers where BigQuery refuses.

https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
"""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import comparison_types, refusals
from kbq_tui.sandbox.bigquery.duck import call, case, error, is_type, literal, unless

_ZERO = exp.Literal.number(0)
_ONE = exp.Literal.number(1)
_PART = r"\.(\d+)"
"""Digits after the decimal point of a time."""

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
    """DIV; sqlglot writes its operands without the parentheses that they need, and in DuckDB x
    0 is NULL."""
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


def to_string(node: exp.Cast) -> exp.Expr:
    """CAST and SAFE_CAST to STRING: numbers, dates, times and bytes as BigQuery writes them.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast-as-string
    """
    value = node.this
    if isinstance(value, exp.Literal) and (value.is_string or value.is_int):
        return node
    bare = exp.cast(value.copy(), "VARCHAR")
    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    short, long = (call("printf", literal(form), number.copy()) for form in ("%.15g", "%.17g"))
    exact = exp.EQ(this=exp.cast(short.copy(), "DOUBLE"), expression=number.copy())
    floating = case(
        (call("isnan", number.copy()), literal("NaN")),
        (call("isinf", number.copy()), bare.copy()),
        (exact, short),
        default=long,
    )
    blob = exp.TryCast(this=value.copy(), to=exp.DataType.build("BLOB", dialect="duckdb"))
    decoded: exp.Expr = call("decode", blob)
    if isinstance(node, exp.TryCast):
        decoded = call("try", decoded)
    # a fraction of a second has three digits or six
    digits = call("regexp_extract", bare.copy(), literal(_PART), _ONE.copy())
    three = exp.LTE(this=call("strlen", digits.copy()), expression=exp.Literal.number(3))
    width = case((three, exp.Literal.number(3)), default=exp.Literal.number(6))
    part = call("rpad", digits, width, literal("0"))
    moment = case(
        (call("contains", bare.copy(), literal(".")),
         call("regexp_replace", bare.copy(), literal(_PART), exp.DPipe(this=literal("."), expression=part))),
        default=bare.copy(),
    )  # fmt: skip
    return case(
        (is_type(value, "DOUBLE"), floating),
        (is_type(value, "BLOB"), decoded),
        (exp.or_(*(is_type(value, kind) for kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIME"))), moment),
        default=node.copy(),
    )


def to_bytes(node: exp.Cast) -> exp.Expr:
    """CAST of a STRING to BYTES; DuckDB would read escape sequences in it."""
    if isinstance(node.this, exp.ByteString):
        return node
    encoded = call("encode", exp.cast(node.this.copy(), "VARCHAR"))
    return case((is_type(node.this, "VARCHAR"), encoded), default=node.copy())


def _string(node: exp.Expr) -> exp.Expr:
    """``STRING(json)``, ``STRING(timestamp[, zone])``."""
    zone = node.args.get("zone")
    if zone is not None and zone.name.upper() != "UTC":
        raise refusals.unsupported("STRING with another time zone than UTC")
    value = node.this
    plain = to_string(exp.Cast(this=value.copy(), to=exp.DataType.build("TEXT")))
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
    """Mark other comparisons; literals are checked again later."""
    if not isinstance(node, exp.Case) or node.this is not None:
        comparison_types.mark(node)
    return node


def _safe(node: exp.Expr) -> exp.Expr:
    """``SAFE.F(...)`` is NULL where F would fail."""
    return call("try", node.this.copy())


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
    exp.Ln: _logarithm,
    exp.Log: _logarithm,
    exp.MakeInterval: _interval,
    exp.Mod: _remainder,
    exp.Pad: _pad,
    exp.Pow: _power,
    exp.Repeat: _repeat,
    exp.Sqrt: _square_root,
    exp.StrPosition: _position,
    exp.String: _string,
    exp.Unicode: _code_point,
    exp.SafeFunc: _safe,
    exp.SHA2: _long_hash,
    exp.SHA2Digest: _long_hash,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _compare),
    **dict.fromkeys((exp.Between, exp.Case, exp.In, exp.Nullif), _typed),
}
