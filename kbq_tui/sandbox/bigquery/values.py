"""Encodes and decodes values: the f/v rows of the REST API, JSON and CSV of load jobs, and DuckDB's values.

https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-json#details_of_loading_json_data
"""

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from kbq_tui.sandbox.bigquery import geography
from kbq_tui.sandbox.bigquery.fields import GEOGRAPHY, RANGE, BadSchema, Field, Row, column_type, is_wide, quote

JSON = dict[str, Any]
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LARGEST = Decimal(2**255 - 1).scaleb(-38, Context(prec=100))
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
_INTERVAL = re.compile(r"(-?)(\d+)-(\d+) (-?\d+) (-?)(\d+):(\d+):(\d+(?:\.\d+)?)")
_ISO_INTERVAL = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?)S)?)?"
)
_DUCK_INTERVAL = re.compile(r"(-?\d+) (year|month|day)s?|(-?)(\d+):(\d+):(\d+(?:\.\d+)?)")
_RANGE_TEXT = re.compile(r"\[\s*(.*?)\s*,\s*(.*?)\s*\)")


# -- encoding


def check_nulls(rows: Iterable[Row], fields: list[Field]) -> None:
    """Refuse a result that has NULL in an array.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#array_nulls

    Raises:
        BadSchema: there is one.
    """
    repeated = [(at, field) for at, field in enumerate(fields) if field.get("mode") == "REPEATED"]
    for row in rows if repeated else ():
        for at, field in repeated:
            if row[at] is not None and any(item is None for item in row[at]):
                raise BadSchema(f"Array cannot have a null element; error in writing field {field['name']}")


def check_range(rows: Iterable[Row], fields: list[Field]) -> None:
    """Refuse a result with a date or time before the year 1 or after 9999, which only DuckDB supports.

    Raises:
        BadSchema: it has one.
    """
    moments = [(at, field) for at, field in enumerate(fields) if field["type"] in ("DATE", "DATETIME", "TIMESTAMP")]
    for row in rows if moments else ():
        for at, field in moments:
            for value in row[at] or () if field.get("mode") == "REPEATED" else (row[at],):
                if isinstance(value, str):  # Python has no such date
                    raise BadSchema(f"{field['type'].capitalize()} value out of range: {value}")


def encode_rows(rows: Iterable[Row], fields: list[Field], int64_timestamps: bool) -> list[JSON]:
    """Rows in the API's ``{"f": [{"v": ...}]}`` form."""
    return [
        {"f": [{"v": _encode(value, field, int64_timestamps)} for value, field in zip(row, fields, strict=True)]}
        for row in rows
    ]


def _encode(value: Any, field: Field, int64_timestamps: bool) -> Any:
    if field.get("mode") == "REPEATED":
        one = field | {"mode": "NULLABLE"}
        return [{"v": _encode(item, one, int64_timestamps)} for item in value or []]
    if value is None:
        return None
    kind = field["type"]
    if kind == "RECORD":
        members = tuple(value.values()) if isinstance(value, dict) else tuple(value)
        return encode_rows([members], field["fields"], int64_timestamps)[0]
    if kind == "RANGE":
        element = {"name": "", "type": field["rangeElementType"]["type"]}
        ends = [_encode(value[name], element, int64_timestamps) for name in RANGE]
        return "[{}, {})".format(*("UNBOUNDED" if end is None else end for end in ends))
    if kind == "GEOGRAPHY":
        return value[GEOGRAPHY]
    if kind == "INTERVAL":
        return _interval_text(value)
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind == "FLOAT":
        return _float_text(float(value))
    if kind in ("NUMERIC", "BIGNUMERIC"):
        text = format(Decimal(str(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if kind == "BYTES":
        return base64.b64encode(bytes(value)).decode("ascii")
    if kind == "TIMESTAMP":
        micros = (value - _EPOCH) // dt.timedelta(microseconds=1)
        return str(micros) if int64_timestamps else repr(micros / 1_000_000)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(int(value))
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _interval_text(value: str | dt.timedelta) -> str:
    """``Y-M D H:M:S[.F]`` (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#interval_type).

    Args:
        value: as DuckDB writes it, ``1 year 2 days 03:00:00``; inside an array DuckDB gives a timedelta.
    """
    months = days = micros = 0
    if isinstance(value, dt.timedelta):
        days, micros = value.days, value.seconds * 1_000_000 + value.microseconds
    else:
        for amount, unit, sign, hours, minutes, seconds in _DUCK_INTERVAL.findall(value):
            if unit:
                months += int(amount) * {"year": 12, "month": 1}.get(unit, 0)
                days += int(amount) if unit == "day" else 0
            else:
                length = (int(hours) * 60 + int(minutes)) * 60_000_000 + round(Decimal(seconds) * 1_000_000)
                micros += -length if sign else length
    whole, part = divmod(abs(micros), 1_000_000)
    clock = f"{whole // 3600}:{whole // 60 % 60}:{whole % 60}" + (f".{part:06d}".rstrip("0") if part else "")
    years = f"{'-' if months < 0 else ''}{abs(months) // 12}-{abs(months) % 12}"
    return f"{years} {days} {'-' if micros < 0 else ''}{clock}"


# -- decoding


def layout(field: Field) -> Any:
    """A column's structure for DuckDB's ``from_json``, with every scalar as text."""
    if field["type"] == "RECORD":
        scalar: Any = {f["name"]: layout(f) for f in field["fields"]}
    elif field["type"] == "RANGE":
        scalar = dict.fromkeys(RANGE, "VARCHAR")
    elif field["type"] == "GEOGRAPHY":
        scalar = {GEOGRAPHY: "VARCHAR"}
    else:
        scalar = "VARCHAR"
    return [scalar] if field.get("mode") == "REPEATED" else scalar


def rows_sql(columns: list[Field]) -> str:
    """A SELECT of rows from one JSON text, which is its only parameter: a list of lists, as `plain` makes them."""
    structure = {f"c{i}": layout(f) for i, f in enumerate(columns)}
    described = "'" + json.dumps([structure]).replace("'", "''") + "'"
    casts = ", ".join(f"CAST(r.c{i} AS {column_type(f)}) AS {quote(f['name'])}" for i, f in enumerate(columns))
    return f"SELECT {casts} FROM (SELECT unnest(from_json(?, {described})) AS r)"  # noqa: S608


def rows_json(rows: Iterable[Row], columns: list[Field]) -> str:
    """The parameter of `rows_sql`.

    Raises:
        BadSchema: a value does not have its column's form.
    """
    return json.dumps(
        [{f"c{i}": plain(v, f) for i, (v, f) in enumerate(zip(row, columns, strict=True))} for row in rows]
    )


def plain(value: Any, field: Field) -> Any:
    """A value as JSON whose scalars are text that DuckDB casts to the column's type.

    Args:
        value: from JSON, from CSV (text), or from DuckDB.
        field: the column.

    Raises:
        BadSchema: it does not have the column's form.
    """
    if field.get("mode") == "REPEATED":
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadSchema(f"Field {field['name']} is repeated: its value must be a list.")
        one = field | {"mode": "NULLABLE"}
        return [plain(item, one) for item in value]
    if value is None:
        return None
    kind = field["type"]
    if kind == "RECORD":
        return _record(value, field)
    if kind == "RANGE":
        return _range(value, field)
    if kind == "GEOGRAPHY":
        stored = isinstance(value, dict) and GEOGRAPHY in value
        return value if stored else {GEOGRAPHY: geography.read(value)}
    if kind == "JSON":
        return value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, list | dict):
        raise BadSchema(f"Array or record specified for non-repeated field: {field['name']}.")
    return _SCALARS.get(kind, _text)(value, field)


def _record(value: Any, field: Field) -> JSON:
    if not isinstance(value, dict):
        raise BadSchema(f"This field: {field['name']} is not a record.")
    given = {str(name).lower(): item for name, item in value.items()}
    known = {f["name"].lower() for f in field["fields"]}
    for name in value:
        if str(name).lower() not in known:
            raise BadSchema(f"no such field: {field['name']}.{name}.")
    return {f["name"]: plain(given.get(f["name"].lower()), f) for f in field["fields"]}


def _range(value: Any, field: Field) -> JSON:
    element = {"name": field["name"], "type": field["rangeElementType"]["type"]}
    if isinstance(value, dict):
        ends = [value.get(ours, value.get(theirs)) for ours, theirs in zip(RANGE, ("start", "end"), strict=True)]
    else:
        match = _RANGE_TEXT.fullmatch(str(value))
        if match is None:
            raise BadSchema(f"Invalid RANGE value for field {field['name']}: {value}")
        ends = [None if end.upper() in ("UNBOUNDED", "NULL") else end for end in match.groups()]
    return {name: plain(end, element) for name, end in zip(RANGE, ends, strict=True)}


def _text(value: Any, field: Field) -> str:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(value: Any, field: Field) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else _text(value, field)
    if not _WHOLE.fullmatch(text):
        raise BadSchema(f"Cannot convert value to integer (bad value): {text}")
    return text.partition(".")[0]


def _float(value: Any, field: Field) -> str:
    return _float_text(value) if isinstance(value, float) else _text(value, field)


def _decimal(value: Any, field: Field) -> str:
    """A number in plain digits. BIGNUMERIC has 38 digits after the point, and slightly more before it.

    https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types
    """
    text = _text(value, field).strip()
    if not is_wide(field):
        return text
    if not _NUMBER.fullmatch(text):
        raise BadSchema(f"Invalid BIGNUMERIC value: {text}")
    with localcontext(prec=200):
        number = Decimal(text).quantize(Decimal("1e-38"), ROUND_HALF_UP)
    if abs(number) > _LARGEST:
        raise BadSchema(f"Invalid BIGNUMERIC value: {text}")
    return format(number, "f")


def _bytes(value: Any, field: Field) -> str:
    if isinstance(value, str):
        try:
            text = "".join(value.split())
            value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)  # padding is optional
        except ValueError as error:
            raise BadSchema(f"Could not decode base64 string to bytes. Field: {field['name']}") from error
    return "".join(f"\\x{byte:02x}" for byte in bytes(value))


def _timestamp(value: Any, field: Field) -> str:
    """Seconds since 1970, or a date and time, in UTC unless it names a zone."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    text = str(value)
    if not _NUMBER.fullmatch(text):
        return text.removesuffix(" UTC")
    try:
        return (_EPOCH + dt.timedelta(microseconds=int(Decimal(text) * 1_000_000))).isoformat()
    except OverflowError as error:
        raise BadSchema(f"Invalid timestamp value of field {field['name']}: {text}") from error


def _interval(value: Any, field: Field) -> str:
    parts = _ISO_INTERVAL.fullmatch(str(value))
    if parts is not None:
        units = ("years", "months", "days", "hours", "minutes", "seconds")
        return " ".join(f"{amount or 0} {unit}" for amount, unit in zip(parts.groups(), units, strict=True))
    match = _INTERVAL.fullmatch(str(value))
    if match is None:
        return str(value)  # from DuckDB
    sign, years, months, days, minus, hours, minutes, seconds = match.groups()
    return f"{sign}{int(years) * 12 + int(months)} months {days} days {minus}{hours}:{minutes}:{seconds}"


_SCALARS = {
    "INTEGER": _integer, "BIGNUMERIC": _decimal, "FLOAT": _float, "BYTES": _bytes, "TIMESTAMP": _timestamp,
    "INTERVAL": _interval,
}  # fmt: skip
