"""Translates JSON functions of GoogleSQL that DuckDB evaluates differently.

https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions
"""

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.duck import call, case, error, is_type, literal

_TYPES = {"VARCHAR": "string", "BOOLEAN": "boolean", "OBJECT": "object", "ARRAY": "array", "NULL": "null"}
_WHOLE = 2**53
"""Integers beyond this limit are strings in JSON."""
_MOMENT = r'"(\d{4,5}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)'


def _json_type(node: exp.Expr) -> exp.Expr:
    """Type names are in lower case, and every number is "number"."""
    found = call("json_type", node.this.copy())
    branches = [(exp.EQ(this=found.copy(), expression=literal(k)), literal(v)) for k, v in _TYPES.items()]
    missing = exp.Is(this=found.copy(), expression=exp.null())
    return case((missing, exp.null()), *branches, default=literal("number"))


def _is(value: exp.Expr, kind: str) -> exp.Expr:
    return exp.EQ(this=call("json_type", value.copy()), expression=literal(kind))


def _bad(node: exp.Expr) -> exp.Expr:
    """Whether a string from which JSON is extracted is not valid JSON."""
    text = exp.cast(node.this.copy(), "VARCHAR")
    return exp.and_(is_type(node.this, "VARCHAR"), exp.not_(call("json_valid", text)))


def _query(node: exp.Expr) -> exp.Expr:
    """JSON_QUERY of a string gives a string, and NULL for a JSON null."""
    nothing = exp.and_(is_type(node.this, "VARCHAR"), _is(node, "NULL"))
    found = case((_bad(node), exp.null()), (nothing, exp.null()), default=node.copy())
    return exp.cast(found, "VARCHAR") if isinstance(node.this, exp.Literal) else found


def _array(node: exp.Expr) -> exp.Expr:
    """JSON_QUERY_ARRAY and JSON_VALUE_ARRAY: NULL if it is no array; the latter also if it has other items than
    scalars."""
    value = exp.JSONExtract(this=node.this.copy(), expression=node.expression.copy())
    fits = _is(value, "ARRAY")
    if isinstance(node, exp.JSONValueArray):
        inner = call("json_type", value.copy(), literal("$[*]"))
        deep = call("list_has_any", inner, exp.Array(expressions=[literal("OBJECT"), literal("ARRAY")]))
        fits = exp.and_(fits, exp.not_(deep))
    found = case((_bad(node), exp.null()), (fits, node.copy()))
    return exp.cast(found, "VARCHAR[]", dialect="duckdb") if isinstance(node.this, exp.Literal) else found


def _int64(node: exp.Expr) -> exp.Expr:
    """``INT64(json)``: only of a number without a fraction."""
    value = node.this
    number = exp.TryCast(this=exp.cast(value.copy(), "VARCHAR"), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    is_number = exp.In(this=call("json_type", value.copy()), expressions=[literal("UBIGINT"), literal("BIGINT")])
    whole = exp.and_(_is(value, "DOUBLE"), exp.EQ(this=call("floor", number), expression=number.copy()))
    wrong = error(literal("INT64: The JSON value is no INT64, which is an error"))
    nothing = exp.Is(this=call("json_type", value.copy()), expression=exp.null())
    cast = exp.cast(number.copy(), "BIGINT")
    return case((nothing, exp.null()), (is_number, node.copy()), (whole, cast), default=wrong)


def _text(node: exp.Expr) -> exp.Expr:
    """TO_JSON_STRING: numbers, bytes, dates and times as BigQuery writes them.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings
    """
    if node.args.get("to_json"):
        return node
    if node.args.get("options") is not None:
        raise refusals.unsupported("TO_JSON_STRING with pretty_print")
    value = node.this
    kind = call("typeof", value.copy())
    plain, bare = node.copy(), exp.cast(value.copy(), "VARCHAR")
    quoted = exp.DPipe(this=exp.DPipe(this=literal('"'), expression=bare), expression=literal('"'))
    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE", dialect="duckdb"))
    digits = exp.TryCast(this=value.copy(), to=exp.DataType.build("DECIMAL(38,9)", dialect="duckdb"))
    large = exp.GT(this=call("abs", digits), expression=exp.Literal.number(_WHOLE))
    fraction = exp.NEQ(this=call("floor", number.copy()), expression=number.copy())
    odd = exp.or_(call("isnan", number.copy()), call("isinf", number.copy()))
    word = call("regexp_replace", call("replace", bare.copy(), literal("inf"), literal("Infinity")),
                literal("^nan$"), literal("NaN"))  # fmt: skip
    trimmed = call("regexp_replace", bare.copy(), literal(r"\.?0+$"), literal(""))
    exact = case((exp.or_(large, fraction), exp.DPipe(this=exp.DPipe(this=literal('"'), expression=trimmed),
                                                      expression=literal('"'))),
                 default=exp.cast(exp.cast(number.copy(), "BIGINT"), "VARCHAR"))  # fmt: skip
    blob = exp.TryCast(this=value.copy(), to=exp.DataType.build("BLOB", dialect="duckdb"))
    encoded = exp.DPipe(this=exp.DPipe(this=literal('"'), expression=call("base64", blob)), expression=literal('"'))
    moments = call("regexp_replace", plain.copy(), literal(_MOMENT), literal('"\\1T\\2'), literal("g"))
    zoned = call("regexp_replace", moments.copy(), literal(r'(T\d\d:\d\d:\d\d(?:\.\d+)?)\+00"'), literal('\\1Z"'),
                 literal("g"))  # fmt: skip
    nested = call("regexp_matches", kind.copy(), literal(r"(BLOB|DECIMAL).*(\)|\[\])$"))
    return case(
        (exp.Is(this=exp.paren(value.copy()), expression=exp.null()), literal("null")),
        (is_type(value, "BIGINT"), case((large.copy(), quoted), default=plain.copy())),
        (call("starts_with", kind.copy(), literal("DECIMAL")), exact),
        (is_type(value, "DOUBLE"), case(
            (odd, exp.DPipe(this=exp.DPipe(this=literal('"'), expression=word), expression=literal('"'))),
            default=call("regexp_replace", plain.copy(), literal(r"\.0$"), literal("")),
        )),
        (is_type(value, "BLOB"), encoded),
        (nested, error(literal("TO_JSON_STRING of BYTES or NUMERIC within others is not supported by the sandbox"))),
        (call("contains", kind, literal("TIMESTAMP WITH TIME ZONE")), zoned),
        (call("contains", kind.copy(), literal("TIMESTAMP")), moments),
        default=plain,
    )  # fmt: skip


RULES: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.Int64: _int64,
    exp.JSONExtract: _query,
    exp.JSONExtractArray: _array,
    exp.JSONFormat: _text,
    exp.JSONType: _json_type,
    exp.JSONValueArray: _array,
}
