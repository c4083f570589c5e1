"""Translates CAST and SAFE_CAST: which strings each type accepts, and how values are written as strings.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast
The forms of dates and times are those that google/zetasql reads (zetasql/public/functions/date_time_util.cc).
"""

import re
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import comparison_types, intervals, refusals, values
from kbq_tui.sandbox.bigquery.duck import call, case, error, is_type, literal
from kbq_tui.sandbox.bigquery.fields import BIGNUMERIC, COMPUTED, BadSchema

_Type = exp.DataType.Type
_PLACES = 19  # digits before and after the point in computations with BIGNUMERIC
_PART = r"\.(\d+)"
"""Digits after the decimal point of a time."""
_INT = r"\s*[+-]?(\d+|0[xX][0-9a-fA-F]+)\s*"
_SMALL_T = r"(?<=\d)t(?=\d)"
_SIGNED_HEX = r"\s*[+-]0[xX].*"
_DIGITS = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_YEAR = r"([1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])"
_DATE = _YEAR + r"-\d{1,2}-\d{1,2}"
_CLOCK = r"\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,6})?"
_ZONE = r"([+-]\d{1,2}(:?\d{1,2})?|[zZ]| UTC([+-]\d{1,2}(:?\d{1,2})?)?| [A-Za-z][\w/+-]*)?"
_FORMS: Final = {
    _Type.BIGINT: ("int64", _INT),
    _Type.DOUBLE: ("double", rf"(?i)\s*({_DIGITS}|[+-]?(inf|infinity|nan))\s*"),
    _Type.DECIMAL: ("NUMERIC", rf"\s*{_DIGITS}\s*"),
    _Type.BIGDECIMAL: ("BIGNUMERIC", rf"\s*{_DIGITS}\s*"),
    _Type.BOOLEAN: ("bool", r"(?i)(true|false)"),
    _Type.DATE: ("date", _DATE),
    _Type.TIMESTAMP: ("datetime", rf"{_DATE}([ Tt]{_CLOCK})?"),
    _Type.DATETIME: ("datetime", rf"{_DATE}([ Tt]{_CLOCK})?"),
    _Type.TIMESTAMPTZ: ("timestamp", rf"{_DATE}([ Tt]({_CLOCK})?{_ZONE})?"),
    _Type.TIME: ("time", _CLOCK),
}
"""By target type: what BigQuery calls it in an error, and the strings that it accepts."""


def translate(node: exp.Cast) -> exp.Expr:
    """Translate a cast.

    Raises:
        ApiError: it is not supported here, or its string literal is not of the type.
    """
    target = node.to
    if node.args.get("format") is not None:
        raise refusals.unsupported("CAST with FORMAT")
    if target.this in (_Type.ARRAY, _Type.STRUCT) and isinstance(node.this, exp.Array | exp.Struct):
        return _parts(node)
    if target.this in (_Type.DECIMAL, _Type.BIGDECIMAL) and not target.expressions:
        if target.this == _Type.BIGDECIMAL and isinstance(node.this, exp.Literal):
            return _big_literal(node)
        kind = target.this
        target.replace(exp.DataType.build("DECIMAL(38, 9)" if kind == _Type.DECIMAL else COMPUTED, dialect="duckdb"))
        return _of_text(node, kind)
    if node.meta.get("coerced"):
        return node
    if target.this == _Type.INTERVAL:
        return _interval(node)
    if target.this in (_Type.TEXT, _Type.VARCHAR) and not target.expressions:
        return to_string(node)
    if target.this in (_Type.BINARY, _Type.VARBINARY):
        return to_bytes(node)
    if target.this == _Type.TIME:
        return _time(node)
    if target.this in _FORMS and not target.expressions:
        return _of_text(node, target.this)
    comparison_types.mark(node)
    return node


def _bad(node: exp.Cast, name: str, text: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        return exp.null()
    return error(exp.DPipe(this=literal(f"Bad {name} value: "), expression=text.copy()))


def _of_text(node: exp.Cast, kind: exp.DType) -> exp.Expr:
    """A cast that accepts fewer strings than DuckDB does, and rounds to whole numbers as BigQuery does.

    ``typeof`` is known before the query runs, so that only one of the branches is evaluated.
    """
    name, form = _FORMS[kind]
    value = node.this
    rounds = kind == _Type.BIGINT
    if isinstance(value, exp.Literal):
        if value.is_string and not re.fullmatch(form, value.name):
            return _bad(node, name, value)
        value.set("this", re.sub(_SMALL_T, "T", value.name))  # DuckDB does not accept the small letter
        if not (value.is_string and rounds) and (value.is_string or not rounds or value.is_int):
            if not value.is_string:
                comparison_types.mark(node)
            return node
    cast = node.copy()
    text = exp.cast(value.copy(), "VARCHAR")
    branches = [exp.If(this=is_type(value, "VARCHAR"), true=_read(node, text, form, name))]
    if rounds:
        number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
        rounded = type(node)(this=call("round", number), to=node.to.copy())
        branches.append(exp.If(this=is_type(value, "DOUBLE"), true=rounded))
    comparison_types.mark(cast)
    return exp.Case(ifs=branches, default=cast)


def _read(node: exp.Cast, text: exp.Expr, form: str, name: str) -> exp.Expr:
    fits = exp.or_(
        exp.Is(this=text.copy(), expression=exp.null()),
        call("regexp_full_match", text.copy(), literal(form)),
    )
    read: exp.Expr = type(node)(this=text.copy(), to=node.to.copy())
    if form in (_FORMS[_Type.DATETIME][1], _FORMS[_Type.TIMESTAMPTZ][1]):
        capital = call("regexp_replace", text.copy(), literal(r"(\d)t(\d)"), literal(r"\1T\2"))
        read = type(node)(this=capital, to=node.to.copy())
    if form == _INT:  # DuckDB accepts no sign before 0x
        bare = call("ltrim", text.copy(), literal(" +-"))
        hexadecimal = type(node)(this=bare, to=node.to.copy())
        negative = exp.If(this=call("contains", text.copy(), literal("-")), true=exp.Neg(this=hexadecimal))
        signed = exp.Case(ifs=[negative], default=hexadecimal.copy())
        read = case((call("regexp_full_match", text.copy(), literal(_SIGNED_HEX)), signed), default=read)
    return case((fits, read), default=_bad(node, name, text))


def _time(node: exp.Cast) -> exp.Expr:
    """CAST to TIME; DuckDB has no cast from a TIMESTAMP with a zone."""
    read = _of_text(node, _Type.TIME)
    if isinstance(node.this, exp.Literal):
        return read
    moment = exp.TryCast(this=node.this.copy(), to=exp.DataType.build("TIMESTAMP", dialect="duckdb"))
    zoned = "TIMESTAMP WITH TIME ZONE"
    marked = node.copy()
    comparison_types.mark(marked)
    if not isinstance(read, exp.Case):
        return read
    # DuckDB binds every branch, so that none may have the cast that it does not have
    safe = exp.TryCast(this=node.this.copy(), to=node.to.copy())
    read.set("default", case((is_type(node.this, zoned), exp.cast(moment, "TIME")), default=safe))
    comparison_types.mark(safe)
    return read


def _parts(node: exp.Cast) -> exp.Expr:
    """``ARRAY<T>[…]``, ``STRUCT<T, …>(…)`` and casts of array and structure literals: each part by its position.

    Raises:
        ApiError: a structure does not have as many fields as the type.
    """
    target, given = node.to, node.this

    def part(value: exp.Expr, kind: exp.Expr) -> exp.Expr:
        made = type(node)(this=value.copy(), to=kind.copy())
        made.meta.update(node.meta)
        return made if isinstance(value, exp.Null) else translate(made)

    if target.this == _Type.ARRAY and isinstance(given, exp.Array) and target.expressions:
        if not given.expressions:
            return node
        if isinstance(node, exp.TryCast):
            raise refusals.unsupported("SAFE_CAST of an array")
        return exp.Array(expressions=[part(each, target.expressions[0]) for each in given.expressions])
    if target.this == _Type.STRUCT and isinstance(given, exp.Struct) and target.expressions:
        kinds = target.expressions
        if len(kinds) != len(given.expressions):
            raise refusals.invalid_query(
                "Invalid cast from STRUCT to STRUCT: they do not have the same number of fields"
            )
        members = []
        for number, (kind, each) in enumerate(zip(kinds, given.expressions, strict=True), start=1):
            named = isinstance(kind, exp.ColumnDef)
            value = each.expression if isinstance(each, exp.PropertyEQ) else each
            name = kind.name if named else f"_field_{number}"
            made = part(value, kind.args["kind"] if named else kind)
            members.append(exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=made))
        return exp.Struct(expressions=members)
    comparison_types.mark(node)
    return node


def _big_literal(node: exp.Cast) -> exp.Expr:
    """``BIGNUMERIC '1.5'``."""
    try:
        return big_number(values.plain(node.this.name, {"name": "value", "type": "BIGNUMERIC"}))
    except BadSchema as failure:
        if isinstance(node, exp.TryCast):
            return exp.null()
        raise refusals.invalid_query(str(failure)) from failure


def big_number(digits: str) -> exp.Expr:
    """A BIGNUMERIC as the decimal that DuckDB computes with."""
    whole, _, fraction = digits.lstrip("+-").partition(".")
    computed = len(whole.lstrip("0")) <= _PLACES and len(fraction.rstrip("0")) <= _PLACES
    return exp.cast(literal(digits), COMPUTED if computed else BIGNUMERIC, dialect="duckdb")


def _interval(node: exp.Cast) -> exp.Expr:
    """CAST of a string literal to INTERVAL."""
    value = node.this
    if isinstance(value, exp.Null):
        return node
    if not isinstance(value, exp.Literal) or not value.is_string:
        raise refusals.unsupported("CAST to INTERVAL of anything but a string literal")
    found = intervals.read(value.name)
    if found is None:
        if isinstance(node, exp.TryCast):
            return exp.null()
        raise refusals.invalid_query(f"Invalid INTERVAL value '{value.name}'")
    return intervals.expression(found)


def to_string(node: exp.Cast, *, checked: bool = True) -> exp.Expr:
    """CAST and SAFE_CAST to STRING: numbers, dates, times and bytes as BigQuery writes them.

    Args:
        node: the cast.
        checked: whether types that BigQuery does not cast are refused.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast-as-string
    """
    value = node.this
    if isinstance(value, exp.Literal) and (value.is_string or value.is_int):
        comparison_types.mark(node)  # unlike a parameter
        return node
    bare = exp.cast(value.copy(), "VARCHAR")
    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    short, long = (call("printf", literal(form), number.copy()) for form in ("%.15g", "%.17g"))
    exact = exp.EQ(this=exp.cast(short.copy(), "DOUBLE"), expression=number.copy())
    floating = case(
        (call("isnan", number.copy()), literal("NaN")),
        (call("isinf", number.copy()), bare.copy()),
        (exp.EQ(this=number.copy(), expression=exp.Literal.number(0)), literal("0")),  # without a sign
        (exact, short),
        default=long,
    )
    without_zeros = call("regexp_replace", bare.copy(), literal(r"(\.\d*?)0+$"), literal(r"\1"))
    decimal = call("rtrim", without_zeros, literal("."))
    blob = exp.TryCast(this=value.copy(), to=exp.DataType.build("BLOB", dialect="duckdb"))
    decoded: exp.Expr = call("decode", blob)
    if isinstance(node, exp.TryCast):
        decoded = call("try", decoded)
    # a fraction of a second has three digits or six
    digits = call("regexp_extract", bare.copy(), literal(_PART), exp.Literal.number(1))
    three = exp.LTE(this=call("strlen", digits.copy()), expression=exp.Literal.number(3))
    width = case((three, exp.Literal.number(3)), default=exp.Literal.number(6))
    part = call("rpad", digits, width, literal("0"))
    moment = case(
        (call("contains", bare.copy(), literal(".")),
         call("regexp_replace", bare.copy(), literal(_PART), exp.DPipe(this=literal("."), expression=part))),
        default=bare.copy(),
    )  # fmt: skip
    default = node.copy()
    if checked:
        comparison_types.mark(default)
    return case(
        (is_type(value, "DOUBLE"), floating),
        (is_type(value, "BLOB"), decoded),
        (exp.or_(*(is_type(value, kind) for kind in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIME"))), moment),
        (call("starts_with", call("typeof", value.copy()), literal("DECIMAL")), decimal),
        (is_type(value, "INTERVAL"), intervals.text_of(value)),
        default=default,
    )


def to_bytes(node: exp.Cast) -> exp.Expr:
    """CAST of a STRING to BYTES; DuckDB would read escape sequences in it."""
    if isinstance(node.this, exp.ByteString):
        return node
    encoded = call("encode", exp.cast(node.this.copy(), "VARCHAR"))
    default = node.copy()
    comparison_types.mark(default)
    return case((is_type(node.this, "VARCHAR"), encoded), default=default)
