"""Translates expressions of GoogleSQL that DuckDB does not have, or evaluates differently.

https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

import re
from collections.abc import Callable

from sqlglot import exp

from kbq_tui.sandbox.bigquery import (
    casts,
    comparison_types,
    date_parts,
    fields,
    function_rules,
    json_rules,
    moment_rules,
    refusals,
)
from kbq_tui.sandbox.bigquery import geography as geographies
from kbq_tui.sandbox.bigquery.duck import DUCK, call, literal
from kbq_tui.sandbox.bigquery.fields import GEOGRAPHY, RANGE, BadSchema

_Type = exp.DataType.Type
_SPEC = re.compile(r"%(?:%|[-+ #0']*\d*(?:\.\d+)?([a-zA-Z]))")


def translate(tree: exp.Expr) -> None:
    """Replace the expressions that have a rule in `_RULES`, the innermost first.

    Raises:
        ApiError: something is not supported here.
    """
    for node in reversed(list(tree.walk())):
        rule = _RULES.get(type(node))
        if rule is None or node.parent is None:
            continue
        new = rule(node)
        if new is not node:
            node.replace(new)


# -- structures


def structure(**members: exp.Expr) -> exp.Struct:
    """A STRUCT in DuckDB."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value)
            for name, value in members.items()
        ]
    )


def _tuple(node: exp.Expr) -> exp.Expr:
    """``(1, 2)`` is a STRUCT whose unnamed members BigQuery calls ``_field_1``, ``_field_2``."""
    if not isinstance(node.parent, exp.Select | exp.Alias | exp.Array | exp.Tuple | exp.Struct | exp.PropertyEQ):
        return node
    if isinstance(node.parent, exp.Select) and node.arg_key != "expressions":
        return node
    return structure(**{f"_field_{i}": part.copy() for i, part in enumerate(node.expressions, start=1)})


def _struct(node: exp.Expr) -> exp.Expr:
    """``STRUCT(1, x, y AS z)``: a column gives its name to its member; anything else without a name is ``_field_N``."""
    members = []
    for number, part in enumerate(node.expressions, start=1):
        if isinstance(part, exp.PropertyEQ):
            members.append(part.copy())
            continue
        if isinstance(part, exp.Alias):
            name, value = part.alias, part.this
        else:
            name, value = part.name if isinstance(part, exp.Column | exp.Dot) else f"_field_{number}", part
        members.append(exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value.copy()))
    return exp.Struct(expressions=members)


def _array(node: exp.Expr) -> exp.Expr:
    """``[STRUCT(1 AS a), (2)]``: the first structure gives its member names to unnamed members of the others."""
    first = node.expressions[0] if node.expressions else None
    if len(node.expressions) > 1:
        comparison_types.mark(node)
    if not isinstance(first, exp.Struct):
        return node
    names = [part.this for part in first.expressions if isinstance(part, exp.PropertyEQ)]
    for other in node.expressions[1:]:
        if isinstance(other, exp.Struct) and len(other.expressions) == len(names):
            for part, name in zip(other.expressions, names, strict=True):
                part.set("this", name.copy())
    return node


def geography(text: exp.Expr) -> exp.Expr:
    """A GEOGRAPHY from its text; a literal is read as WKT, WKB or GeoJSON."""
    if isinstance(text, exp.Cast) and isinstance(text.this, exp.Literal):
        try:
            text = literal(geographies.read(text.this.name))
        except BadSchema as error:
            raise refusals.invalid_query(str(error)) from error
    return structure(**{GEOGRAPHY: text})


def range_of(start: exp.Expr, end: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """A RANGE; NULL is UNBOUNDED."""
    ends = {name: exp.cast(value, kind.copy()) for name, value in zip(RANGE, (start, end), strict=True)}
    return structure(**ends)


def _range_literal(node: exp.Cast) -> exp.Expr:
    """``RANGE<DATE> '[2020-01-01, UNBOUNDED)'``, which sqlglot reads as a cast."""
    match = re.fullmatch(r"\[\s*(.*?)\s*,\s*(.*?)\s*\)", node.this.name)
    if match is None or not node.to.expressions:
        raise refusals.invalid_query(f"Invalid RANGE literal: {node.this.name}")
    ends = [exp.null() if end.upper() in ("UNBOUNDED", "NULL") else literal(end) for end in match.groups()]
    return range_of(ends[0], ends[1], node.to.expressions[0])


def _named_function(node: exp.Expr) -> exp.Expr:
    """Translate functions that sqlglot does not know."""
    given = [part.copy() for part in node.expressions]
    name = str(node.this).upper()
    if name in ("RANGE_START", "RANGE_END") and len(given) == 1:
        return exp.Dot(this=exp.paren(given[0]), expression=exp.to_identifier(RANGE[name == "RANGE_END"], quoted=True))
    if name == "RANGE" and len(given) == 2:
        return structure(**dict(zip(RANGE, given, strict=True)))
    if name in ("ST_GEOGFROMTEXT", "ST_GEOGFROM", "ST_GEOGFROMGEOJSON", "ST_GEOGFROMWKB") and len(given) >= 1:
        return geography(exp.cast(given[0], "VARCHAR"))
    if name == "ST_ASTEXT" and len(given) == 1:
        return exp.Dot(this=exp.paren(given[0]), expression=exp.to_identifier(GEOGRAPHY, quoted=True))
    if name == "ST_GEOGPOINT" and len(given) == 2:
        parts = [call("printf", literal("%.15g"), exp.cast(part, "DOUBLE")) for part in given]
        return geography(call("concat", literal("POINT("), parts[0], literal(" "), parts[1], literal(")")))
    return node


def _unnest(node: exp.Expr) -> exp.Expr:
    """UNNEST of an array of structures gives their members as columns. sqlglot does this where it knows the type."""
    source = node.expressions[0] if node.expressions else None
    if isinstance(source, exp.Array) and source.expressions and isinstance(source.expressions[0], exp.Struct):
        node.set("explode_array", not node.args.get("offset"))
    return node


# -- casts


def _cast(node: exp.Expr) -> exp.Expr:
    """CAST and SAFE_CAST; RANGE and GEOGRAPHY are structures in DuckDB."""
    assert isinstance(node, exp.Cast)
    target = node.to
    if target.this == _Type.RANGE and isinstance(node.this, exp.Literal):
        return _range_literal(node)
    if target.this == _Type.RANGE and target.expressions:
        target.replace(exp.DataType.build(fields.column_type(fields.from_sql("value", target)), dialect="duckdb"))
        comparison_types.mark(node)
        return node
    if target.this == _Type.GEOGRAPHY:
        return geography(exp.cast(node.this.copy(), "VARCHAR"))
    return casts.translate(node)


# -- functions


def _count_if(node: exp.Expr) -> exp.Expr:
    """COUNTIF over no rows is 0; DuckDB's is NULL."""
    return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this.copy(), true=exp.Literal.number(1))]))


def _largest(node: exp.Expr) -> exp.Expr | None:
    """``ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT n)``: the n largest or smallest, without building the whole
    array."""
    order = node.this.this
    if not isinstance(order, exp.Order) or len(order.expressions) != 1 or not isinstance(node.parent, exp.IgnoreNulls):
        return None
    by = order.expressions[0]
    if by.this != order.this:
        return None
    return call("max" if by.args.get("desc") else "min", order.this.copy(), node.this.expression.copy())


def _ignoring_nulls(node: exp.Expr) -> exp.Expr:
    """Leave NULLs out before an array is cut; the functions that `_largest` uses leave them out already."""
    inner = node.this
    if not isinstance(inner, exp.Anonymous):
        return node
    if inner.this == f"{DUCK}list_slice":
        whole, *ends = (part.copy() for part in inner.expressions)
        return call("list_slice", exp.IgnoreNulls(this=whole), *ends)
    return inner.copy() if inner.this in (f"{DUCK}max", f"{DUCK}min") else node


def _array_agg(node: exp.Expr) -> exp.Expr:
    """``ARRAY_AGG(x ORDER BY y LIMIT n)``: DuckDB has no LIMIT there, so the whole array is built and then cut."""
    if not isinstance(node.this, exp.Limit):
        return node
    largest = _largest(node)
    if largest is not None:
        return largest
    whole = node.copy()
    whole.set("this", node.this.this.copy())
    return call("list_slice", whole, exp.Literal.number(1), node.this.expression.copy())


def _format(node: exp.Expr) -> exp.Expr:
    """FORMAT takes printf's format; DuckDB's function of that name takes braces."""
    arguments = [part.copy() for part in node.expressions]
    if not isinstance(node.this, exp.Literal):
        return call("printf", node.this.copy(), *arguments)
    kinds = [kind for kind in _SPEC.findall(node.this.name) if kind]
    for kind in kinds:
        if kind not in "dioxXeEfFgGst":
            raise refusals.invalid_query(f"FORMAT with %{kind} is not supported here")
    form = re.sub(r"%(-?\d*)t", r"%\1s", node.this.name).replace("%i", "%d").replace("%'", "%,")
    shown = [exp.cast(a, "VARCHAR") if kind == "t" else a for kind, a in zip(kinds, arguments, strict=False)]
    if len(kinds) != len(arguments):
        raise refusals.invalid_query("Wrong number of arguments for the format string of FORMAT")
    return call("printf", literal(form), *shown)


def _time_text(node: exp.Expr) -> exp.Expr:
    """FORMAT_TIMESTAMP with its time zone, which sqlglot drops."""
    zone = node.args.get("zone")
    if zone is not None:
        node.set("zone", None)
        moment = exp.cast(node.this.this.copy(), "TIMESTAMPTZ")
        node.set("this", call("timezone", zone.copy(), moment))
    return moment_rules.time_text(node)


def _like(node: exp.Expr) -> exp.Expr:
    """A backslash before ``%`` or ``_`` makes it an ordinary character."""
    if isinstance(node.parent, exp.Escape) or isinstance(node.expression, exp.Any | exp.All | exp.Tuple):
        return node
    like = node.copy()
    like.set("negate", None)
    escaped = exp.Escape(this=like, expression=literal("\\"))
    return exp.not_(escaped) if node.args.get("negate") else escaped


def _unix_seconds(node: exp.Expr) -> exp.Expr:
    """The value is truncated, not rounded."""
    return exp.cast(call("floor", call("epoch", node.this.copy())), "BIGINT")


def _timestamp_diff(node: exp.Expr) -> exp.Expr:
    """The number of whole parts between two times, not of the boundaries between them."""
    unit = node.args.get("unit")
    moments = [exp.cast(part.copy(), "TIMESTAMPTZ") for part in (node.expression, node.this)]
    return call("date_sub", literal(unit.name.lower() if unit is not None else "day"), *moments)


def _extract(node: exp.Expr) -> exp.Expr:
    """Parts that DuckDB defines differently: weeks from Sunday, days of the week from 1, parts of a second alone."""
    part, value = node.this.name.upper(), node.expression
    if isinstance(node.this, exp.WeekStart):
        return moment_rules.week_from(node.this.name, _moment(value, "WEEK"))
    if part not in date_parts.EXTRACTED:
        raise refusals.invalid_query(f"A valid date part name is required but found {part}")
    if part == "WEEK":
        return exp.cast(call("strftime", _moment(value, part), literal("%U")), "BIGINT")
    if part in ("DATE", "DATETIME", "TIME"):
        return exp.cast(_moment(value, part), part) if part != "DATETIME" else _moment(value, part)
    comparison_types.mark(node, part=part)
    if part == "ISOWEEK":
        node.set("this", exp.var("WEEK"))
    if part == "DAYOFWEEK":
        return exp.paren(exp.Add(this=node.copy(), expression=exp.Literal.number(1)))
    if part in ("MICROSECOND", "MILLISECOND"):
        most = exp.Literal.number(1_000_000 if part == "MICROSECOND" else 1_000)
        return exp.paren(exp.Mod(this=node.copy(), expression=most))
    return node


def _moment(value: exp.Expr, part: str) -> exp.Expr:
    """The value as a DATETIME; its own type is checked when it is known."""
    moment = exp.Cast(this=value.copy(), to=exp.DataType.build("TIMESTAMP", dialect="duckdb"))
    comparison_types.mark(moment, part=part)
    return moment


def _substring(node: exp.Expr) -> exp.Expr:
    """A position of 0, or before the beginning, means 1; the length must not be negative.

    Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#substr
    """
    function_rules.not_negative(node, "length", "SUBSTR")
    start = node.args.get("start")
    if start is None or (isinstance(start, exp.Literal) and start.name != "0"):
        return node
    first = exp.Literal.number(1)
    if isinstance(start, exp.Literal):
        node.set("start", first)
    else:
        zero = exp.EQ(this=exp.paren(start.copy()), expression=exp.Literal.number(0))
        length = exp.Length(this=node.this.copy())
        before = exp.LT(this=exp.paren(start.copy()), expression=exp.Neg(this=length))
        node.set("start", exp.Case(ifs=[exp.If(this=exp.or_(zero, before), true=first)], default=start.copy()))
    return node


def _time(node: exp.Expr) -> exp.Expr:
    """TIME of a TIMESTAMP or DATETIME; DuckDB has no cast from TIMESTAMP."""
    return exp.cast(exp.cast(node.this.copy(), "TIMESTAMP"), "TIME")


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    **function_rules.RULES,
    **moment_rules.RULES,
    **json_rules.RULES,
    exp.Anonymous: _named_function,
    exp.Array: _array,
    exp.ArrayAgg: _array_agg,
    exp.Cast: _cast,
    exp.CountIf: _count_if,
    exp.Extract: _extract,
    exp.Format: _format,
    exp.IgnoreNulls: _ignoring_nulls,
    exp.Like: _like,
    exp.Struct: _struct,
    exp.Substring: _substring,
    exp.TimeToStr: _time_text,
    exp.TimestampDiff: _timestamp_diff,
    exp.TryCast: _cast,
    exp.TsOrDsToTime: _time,
    exp.Tuple: _tuple,
    exp.UnixSeconds: _unix_seconds,
    exp.Unnest: _unnest,
}
