"""Translates date and time functions of GoogleSQL that DuckDB evaluates differently.

https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions
"""

import re
from collections.abc import Callable
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import comparison_types, intervals, refusals
from kbq_tui.sandbox.bigquery.duck import call, literal

_DAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_OF_TIMESTAMPS = ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY")


def _add_to_timestamp(node: exp.Expr) -> exp.Expr:
    """TIMESTAMP_ADD and TIMESTAMP_SUB accept no part longer than a day."""
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() not in _OF_TIMESTAMPS:
        name = "TIMESTAMP_ADD" if isinstance(node, exp.TimestampAdd) else "TIMESTAMP_SUB"
        raise refusals.invalid_query(f"{name} does not support the {unit.name.upper()} date part")
    if isinstance(node.this, exp.Literal):
        node.set("this", exp.cast(node.this.copy(), "TIMESTAMPTZ"))
    return node


_REPLACED = {"%n": "\n", "%t": "\t", "%R": "%H:%M"}
_UNKNOWN = ("%z", "%Z", "%f")
_DAY = "%-d"
"""sqlglot's translation of ``%e``, the day, which BigQuery pads with a space."""


def time_text(node: exp.Expr) -> exp.Expr:
    """FORMAT_DATE, FORMAT_DATETIME and FORMAT_TIMESTAMP: elements that DuckDB's strftime treats differently.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time
    """
    form = node.args.get("format")
    if not isinstance(form, exp.Literal):
        return node
    text = form.name
    for element in _UNKNOWN:
        if element in text.replace("%%", ""):
            raise refusals.unsupported(f"The format element {element}")
    for element, meaning in _REPLACED.items():
        text = text.replace(element, meaning)
    parts = text.split(_DAY)
    if len(parts) == 1:
        node.set("format", literal(text))
        return node
    moment = node.this.copy()
    day = call(
        "lpad",
        exp.cast(call("day", exp.cast(moment.copy(), "TIMESTAMP")), "VARCHAR"),
        exp.Literal.number(2),
        literal(" "),
    )
    written = [call("strftime", moment.copy(), literal(part)) if part else literal("") for part in parts]
    found: exp.Expr = written[0]
    for rest in written[1:]:
        found = exp.DPipe(this=exp.DPipe(this=found, expression=day.copy()), expression=rest)
    return found


def _unix_millis(node: exp.Expr) -> exp.Expr:
    """The value is truncated, not rounded."""
    micros = call("epoch_us", node.this.copy())
    return exp.cast(call("floor", exp.Div(this=micros, expression=exp.Literal.number("1000.0"))), "BIGINT")


_CAST_FORM = re.compile(r"FF\d|TZ[HM]|SSSSS|HH12|[AP]\.?M\.?(?![a-z])|MONTH|RRRR|Y,YYY")
"""Elements of a cast's FORMAT that sqlglot does not translate."""


def _parsed(node: exp.Expr) -> exp.Expr:
    """PARSE_TIMESTAMP with its time zone, which sqlglot drops."""
    form, zone = node.args.get("format"), node.args.get("zone")
    if isinstance(form, exp.Literal) and _CAST_FORM.search(form.name):
        raise refusals.unsupported("CAST with FORMAT")  # sqlglot reads such a cast as PARSE_TIMESTAMP
    if zone is None:
        return node
    bare = node.copy()
    bare.set("zone", None)
    return call("timezone", zone.copy(), exp.cast(bare, "TIMESTAMP"))


def week_from(day: str, value: exp.Expr) -> exp.Expr:
    """EXTRACT(WEEK(day) FROM value): weeks begin on that day, and days before the first one are in week 0."""
    shift = _DAYS.index(day.upper())
    moment = exp.cast(value.copy(), "TIMESTAMP")
    day_of_year = call("dayofyear", moment.copy())
    # days since the last such day; in DuckDB, Sunday is day 0
    back = exp.Mod(
        this=exp.paren(exp.Add(this=call("dayofweek", moment), expression=exp.Literal.number(7 - shift))),
        expression=exp.Literal.number(7),
    )
    weeks = exp.Sub(this=exp.Add(this=day_of_year, expression=exp.Literal.number(6)), expression=exp.paren(back))
    return exp.cast(call("floor", exp.Div(this=exp.paren(weeks), expression=exp.Literal.number("7.0"))), "BIGINT")


def _difference(node: exp.Expr) -> exp.Expr:
    """DATE - DATE is an INTERVAL; in DuckDB it is a number of days. The types are checked later."""
    comparison_types.mark(node)
    return node


_SPANS = (("YEAR", "MONTH"), ("YEAR", "SECOND"), ("DAY", "SECOND"), ("HOUR", "SECOND"))
"""Pairs of parts with an unambiguous form."""


def _interval(node: exp.Expr) -> exp.Expr:
    """``INTERVAL '1-2 3 4:5:6' YEAR TO SECOND``."""
    span = node.args.get("unit")
    if not isinstance(span, exp.IntervalSpan):
        return node
    parts = (span.this.name.upper(), span.expression.name.upper())
    found = intervals.read(node.this.name) if parts in _SPANS and isinstance(node.this, exp.Literal) else None
    if found is None:
        raise refusals.unsupported(f"INTERVAL of this form, {' TO '.join(parts)},")
    return intervals.expression(found)


RULES: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.Interval: _interval,
    exp.StrToTime: _parsed,
    exp.Sub: _difference,
    exp.TimestampAdd: _add_to_timestamp,
    exp.TimestampSub: _add_to_timestamp,
    exp.UnixMillis: _unix_millis,
}
