"""INTERVAL as strings and as expressions of DuckDB.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#interval_type
"""

import re
from decimal import Decimal
from typing import Final, NamedTuple

from sqlglot import exp

from kbq_tui.sandbox.bigquery.duck import call, case, literal

_CANONICAL: Final = re.compile(
    r"(?:([+-]?)(\d+)-(\d+))?(?:(?:^|(?<=\d) )([+-]?\d+)(?= |$))?"
    r"(?:(?:^|(?<=\d) )([+-]?)(\d+):(\d+):(\d+(?:\.\d{1,6})?))?"
)
_ISO: Final = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?"
    r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:[.,]\d{1,6})?)S)?)?"
)


class Interval(NamedTuple):
    """An interval in three parts, each positive or negative."""

    months: int
    days: int
    micros: int


def read(text: str) -> Interval | None:
    """Read ``1-2 3 10:20:30.456``, some of its parts, or an ISO 8601 duration; None for anything else.

    A number alone is ambiguous, and gives None.
    """
    if match := _ISO.fullmatch(text):
        years, months, weeks, days, hours, minutes, seconds = (part or "0" for part in match.groups())
        if not any(match.groups()):
            return None
        clock = (int(hours) * 60 + int(minutes)) * 60_000_000 + int(Decimal(seconds.replace(",", ".")) * 1_000_000)
        return Interval(int(years) * 12 + int(months), int(weeks) * 7 + int(days), clock)
    match = _CANONICAL.fullmatch(text)
    if match is None or (match[2] is None and match[6] is None):
        return None
    sign, years, months, days, minus, hours, minutes, seconds = match.groups()
    length = int(years or 0) * 12 + int(months or 0)
    clock = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000_000 + int(Decimal(seconds or 0) * 1_000_000)
    return Interval(-length if sign == "-" else length, int(days or 0), -clock if minus == "-" else clock)


def expression(interval: Interval) -> exp.Expr:
    """An INTERVAL in DuckDB."""
    names = ("to_months", "to_days", "to_microseconds")
    parts = [call(name, _number(amount)) for name, amount in zip(names, interval, strict=True)]
    return exp.paren(exp.Add(this=exp.Add(this=parts[0], expression=parts[1]), expression=parts[2]))


def _number(value: int) -> exp.Expr:
    number = exp.Literal.number(abs(value))
    return exp.Neg(this=number) if value < 0 else number


def text_of(value: exp.Expr) -> exp.Expr:
    """An INTERVAL as ``Y-M D H:M:S[.F]``, whose fraction of a second has three digits or six."""
    length = exp.TryCast(this=value.copy(), to=exp.DataType.build("INTERVAL", dialect="duckdb"))

    def part(name: str) -> exp.Expr:
        return call("date_part", literal(name), length.copy())

    def sign(*parts: exp.Expr) -> exp.Expr:
        return case((exp.or_(*(exp.LT(this=each, expression=exp.Literal.number(0)) for each in parts)), literal("-")),
                    default=literal(""))  # fmt: skip

    micros = call("abs", exp.Mod(this=part("microsecond"), expression=exp.Literal.number(1_000_000)))
    fraction = call("printf", literal(".%06d"), micros)
    shown = call("regexp_replace", call("regexp_replace", fraction, literal(r"000$"), literal("")), literal(r"^\.000$"),
                 literal(""))  # fmt: skip
    seconds = call("trunc", exp.Div(this=part("microsecond"), expression=exp.Literal.number(1_000_000)))
    numbers = [exp.cast(call("abs", each), "BIGINT") for each in (part("hour"), part("minute"), seconds)]
    dates = [exp.cast(call("abs", part(name)), "BIGINT") for name in ("year", "month")]
    return call(
        "printf", literal("%s%d-%d %d %s%d:%d:%d%s"), sign(part("year"), part("month")), *dates, part("day"),
        sign(part("hour"), part("minute"), part("microsecond")), *numbers, shown,
    )  # fmt: skip
