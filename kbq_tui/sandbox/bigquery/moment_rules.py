"""Translates date and time functions of GoogleSQL that DuckDB evaluates differently.

https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions
"""

import re
from collections.abc import Callable
from typing import Final

from sqlglot import exp

from kbq_tui.sandbox.bigquery import comparison_types, date_parts, intervals, refusals
from kbq_tui.sandbox.bigquery.duck import call, case, error, literal

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


_FORMS = {
    "%Y": r"\d{4}", "%m": r"\d{2}", "%b": r"[A-Za-z]{3}", "%d": r"\d{2}", "-": "-", ".": r"\.", "/": "/", ",": ",",
    ";": ";", ":": ":", " ": " ",
}  # fmt: skip
"""What the elements of a cast's FORMAT match, after sqlglot has translated them.

https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
"""
_WHOLE = (["%Y", "%d", "%m"], ["%Y", "%b", "%d"])
"""A date is complete with these. What is missing Google takes from the current date."""


def _read(node: exp.Expr) -> exp.Expr:
    """The moment that a parse function reads. sqlglot's own translation fails if the text is a call of DuckDB's."""
    text, form, year = node.this.copy(), node.args["format"].copy(), node.args.get("default_year")
    if isinstance(form, exp.Literal):
        form = literal(form.name.replace("%e", _DAY))  # of %c
    if year is not None:
        text = exp.DPipe(this=literal(f"{year.name} "), expression=exp.paren(text))
        form = exp.DPipe(this=literal("%Y "), expression=exp.paren(form))
    return call("try_strptime" if node.args.get("safe") else "strptime", text, form)


def _parsed(node: exp.Expr) -> exp.Expr:
    """PARSE_TIMESTAMP with its time zone.

    Raises:
        ApiError: it is a CAST with FORMAT to a TIMESTAMP, DATETIME or TIME, whose target sqlglot does not keep.
    """
    zone = node.args.get("zone")
    if _is_cast(node):
        raise refusals.unsupported("CAST with FORMAT to TIMESTAMP, DATETIME or TIME")
    if zone is not None:
        return call("timezone", zone.copy(), exp.cast(_read(node), "TIMESTAMP"))
    return exp.cast(_read(node), "TIMESTAMPTZ")


def _parsed_time(node: exp.Expr) -> exp.Expr:
    return exp.cast(_read(node), "TIME")


def _parsed_date(node: exp.Expr) -> exp.Expr:
    """PARSE_DATE, and ``CAST(text AS DATE FORMAT 'YYYY-MM-DD')``, which is stricter.

    Raises:
        ApiError: the format of a cast has other elements than a year, a month and a day.
    """
    date = exp.cast(_read(node), "DATE")
    if not _is_cast(node):
        return date
    elements = re.findall("%.|.", node.args["format"].name, re.DOTALL)
    if sorted(each for each in elements if each[0] == "%") not in _WHOLE or not _FORMS.keys() >= {*elements}:
        raise refusals.unsupported("CAST with FORMAT but for a year, month and day, such as 'YYYY-MM-DD',")
    text = node.this
    form = "".join(_FORMS[each] for each in elements)
    fits = exp.or_(
        exp.Is(this=text.copy(), expression=exp.null()), call("regexp_full_match", text.copy(), literal(form))
    )
    failed = exp.DPipe(this=literal("Failed to parse input string: "), expression=text.copy())
    return case((fits, date), default=exp.null() if node.args.get("safe") else error(failed))


def _is_cast(node: exp.Expr) -> bool:
    """Whether sqlglot made a parse function of a CAST with FORMAT; those that are written have a default year."""
    return node.args.get("default_year") is None


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


def _of_dates(node: exp.Expr) -> exp.Expr:
    """Functions whose value and part are checked later; DuckDB takes any of both."""
    unit = node.args.get("unit")
    part = "WEEK" if isinstance(unit, exp.WeekStart) else unit.name.upper() if unit is not None else "DAY"
    comparison_types.mark(node, part=part)
    return node


RULES: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    **dict.fromkeys(date_parts.FUNCTIONS, _of_dates),
    exp.Interval: _interval,
    exp.ParseDatetime: _read,
    exp.ParseTime: _parsed_time,
    exp.StrToDate: _parsed_date,
    exp.StrToTime: _parsed,
    exp.Sub: _difference,
    exp.TimestampAdd: _add_to_timestamp,
    exp.TimestampSub: _add_to_timestamp,
    exp.UnixMillis: _unix_millis,
}
