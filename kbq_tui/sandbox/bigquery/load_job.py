"""Load jobs: rows from an uploaded file of newline-delimited JSON, CSV or Parquet.

https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationLoad
"""

import csv
import datetime as dt
import io
import json
import re
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import duckdb

from kbq_tui.sandbox.bigquery import dml, fields, loading, parquet, refusals, schema_change, tables
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.writing import prepared, target_of
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
_TABLE_FIELDS = ("timePartitioning", "rangePartitioning", "clustering")
_GAVE_UP = "CSV table encountered too many errors, giving up. Rows: "
_DETECTED = (
    (re.compile(r"(true|false)", re.I), "BOOLEAN"),
    (re.compile(r"[+-]?\d{1,18}"), "INTEGER"),
    (re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"), "FLOAT"),
    (re.compile(r"\d{4}-\d\d?-\d\d?"), "DATE"),
    (re.compile(r"\d\d?:\d\d:\d\d(\.\d+)?"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"), "DATETIME"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( ?UTC|Z|[+-]\d\d:?\d\d)?"), "TIMESTAMP"),
)


def run(session: QuerySession, config: JSON, media: bytes) -> StatementResult:
    """Load a file into a table.

    Args:
        session: the caller's query; its location is set to the dataset's.
        config: ``configuration.load``.
        media: the content of the file.

    Raises:
        ApiError: it is not allowed, or the file cannot be read or does not fit the table.
    """
    if config.get("sourceUris"):
        raise refusals.invalid(
            "Loading from Cloud Storage is not supported here: there is no Cloud Storage. Upload a file"
        )
    kind = str(config.get("sourceFormat") or "CSV")
    readers = {"CSV": _read_csv, "NEWLINE_DELIMITED_JSON": _read_json, "PARQUET": _read_parquet}
    if kind not in readers:
        raise refusals.invalid(
            f"Source format {kind} is not supported here; CSV, NEWLINE_DELIMITED_JSON and PARQUET are"
        )
    if any(str(digits) == "12" for digits in config.get("timestampTargetPrecision") or []):
        raise refusals.invalid("Timestamps of picosecond precision are not supported here")
    given = schema_change.checked((config.get("schema") or {}).get("fields") or [])
    target = target_of(session, config)
    known = given or ([] if config.get("autodetect") or target.table is None else target.table.schema)
    with session.world.lock.released():
        rows, columns = readers[kind](media, known, config)
    columns = columns or known
    if not columns:
        raise refusals.invalid("No schema specified on job or table.")
    body = {key: config[key] for key in _TABLE_FIELDS if config.get(key)}
    if config.get("destinationEncryptionConfiguration"):
        body["encryptionConfiguration"] = config["destinationEncryptionConfiguration"]
    body |= config.get("destinationTableProperties") or {}
    # rows are first read into a temporary table, so that a bad row changes nothing
    staged = Table(session.project.id, "", f"load-{uuid.uuid4().hex}", schema=columns)
    session.engine.create(staged, schema_change.defaults(session, columns))
    try:
        written, bad = _write(session, staged, rows, config)
        table = prepared(session, config, target, columns, body, named=bool(given), default="WRITE_APPEND")
        dml.insert_stored(session, table, session.engine.name(staged), columns)
    except duckdb.Error as error:
        raise _unreadable(dml.bad_value(target.name.ref, error).message) from error
    finally:
        session.engine.drop(staged)
    outcome = StatementResult("", target={"destinationTable": tables.reference(table)})
    outcome.figures = {
        "inputFiles": "1",
        "inputFileBytes": str(len(media)),
        "outputRows": str(written),
        "outputBytes": str(session.engine.size(table)),
        "badRecords": str(len(bad)),
    }
    return outcome


def _write(session: QuerySession, table: Table, rows: Iterable[JSON], config: JSON) -> tuple[int, list[str]]:
    good: list[tuple[list[Field], fields.Row]] = []
    bad: list[str] = []
    allowed = int(config.get("maxBadRecords") or 0)
    for number, row in enumerate(rows, start=1):
        try:
            good.append(loading.read(row, table.schema, ignore_unknown=bool(config.get("ignoreUnknownValues"))))
        except loading.BadRow as error:
            text = str(error)
            if text.startswith("Missing required field"):
                text = f"Required field {error.location} cannot be null"
            bad.append(f"Row {number}: {text}")
            if len(bad) > allowed:
                raise _unreadable(bad[0]) from error
    try:
        dml.insert_groups(session, table, loading.grouped(good))
    except ApiError as error:
        raise _unreadable(error.message) from error
    return len(good), bad


def _unreadable(text: str) -> ApiError:
    return refusals.invalid(f"Error while reading data, error message: {text}")


# -- formats: each reader gives rows by column name, and the columns it found in the file, if any


def _read_json(media: bytes, known: list[Field], config: JSON) -> tuple[list[JSON], list[Field]]:
    rows = []
    for number, line in enumerate(_text(media).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Decimal)
        except ValueError as error:
            raise _unreadable(
                f"JSON parsing error in row starting at line {number}: Parser terminated before end of string"
            ) from error
        if not isinstance(row, dict):
            raise _unreadable(f"JSON parsing error in row starting at line {number}: Expected an object")
        rows.append(_plain_decimals(row))
    return rows, [] if known else _detected_members(rows)


def _plain_decimals(value: Any) -> Any:
    """Keep Decimals where a float would lose digits, and use floats elsewhere: JSON columns need plain numbers."""
    if isinstance(value, dict):
        return {key: _plain_decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_decimals(item) for item in value]
    return float(value) if isinstance(value, Decimal) and Decimal(repr(float(value))) == value else value


def _detected_members(rows: list[JSON]) -> list[Field]:
    names: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            names.setdefault(name, []).append(value)
    return [_detected(name, [v for v in found if v is not None]) for name, found in sorted(names.items())]


def _detected(name: str, found: list[Any]) -> Field:
    """The column that fits some values (https://cloud.google.com/bigquery/docs/schema-detect)."""
    if found and all(isinstance(value, list) for value in found):
        return _detected(name, [item for value in found for item in value]) | {"mode": "REPEATED"}
    if found and all(isinstance(value, dict) for value in found):
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": _detected_members(found)}
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in found]
    return {"name": name, "type": _detected_type(texts), "mode": "NULLABLE"}


def _detected_type(texts: list[str]) -> str:
    return next((kind for form, kind in _DETECTED if texts and all(form.fullmatch(t.strip()) for t in texts)), "STRING")


def _read_csv(media: bytes, known: list[Field], config: JSON) -> tuple[list[JSON], list[Field]]:
    quote = str(config.get("quote", '"'))
    delimiter = {"tab": "\t", "\\t": "\t"}.get(
        str(config.get("fieldDelimiter") or ","), str(config.get("fieldDelimiter") or ",")
    )
    text = _text(media, str(config.get("encoding") or "UTF-8"))
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter[:1],
        quotechar=quote[:1] or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    # an empty line is a row of a one-column table, and is ignored elsewhere
    lines = [line or [""] for line in reader if line or len(known) == 1]
    columns: list[Field] = []
    skipped = int(config.get("skipLeadingRows") or 0)
    if not known:
        body = lines[max(skipped, 1) :]
        types = [
            _detected_type([r[i] for r in body if i < len(r) and r[i] != ""])
            for i in range(len(lines[0] if lines else []))
        ]
        headed = bool(lines) and (
            skipped > 0 or any(_detected_type([h]) != t for h, t in zip(lines[0], types, strict=False))
        )
        names = lines[max(skipped - 1, 0)] if headed else [f"{kind.lower()}_field_{i}" for i, kind in enumerate(types)]
        columns = [
            {"name": re.sub(r"\W", "_", n), "type": t, "mode": "NULLABLE"} for n, t in zip(names, types, strict=False)
        ]
        skipped = max(skipped, 1) if headed else 0
    fields_ = known or columns
    marker = str(config.get("nullMarker") or "")
    rows = []
    for number, line in enumerate(lines[skipped:], start=skipped + 1):
        found, wanted = len(line), len(fields_)
        if found > wanted and not config.get("ignoreUnknownValues"):
            raise _unreadable(
                f"{_GAVE_UP}{number}; Too many values in line. Found {found} column(s), expected {wanted}."
            )
        if found < wanted and not config.get("allowJaggedRows"):
            raise _unreadable(f"{_GAVE_UP}{number}; too few columns: expected {wanted} column(s) but got {found}.")
        rows.append({f["name"]: _cell(v, f, marker) for f, v in zip(fields_, line, strict=False)})
    return rows, columns


def _cell(text: str, column: Field, marker: str) -> Any:
    if text == marker:
        return None
    return text.strip() if column["type"] not in ("STRING", "JSON", "BYTES") else text


def _read_parquet(media: bytes, known: list[Field], config: JSON) -> tuple[list[JSON], list[Field]]:
    try:
        rows, columns = parquet.read(media)
    except duckdb.Error as error:
        raise _unreadable(f"{str(error).splitlines()[0]} File: upload.parquet") from error
    except ValueError as error:
        raise refusals.invalid(f"{error} are not supported by the sandbox") from error
    if not known or config.get("decimalTargetTypes"):
        columns = [_target_type(c, rows, i, config) for i, c in enumerate(columns)]
    named = [dict(zip([c["name"] for c in columns], row, strict=True)) for row in rows]
    for row in named:
        for name, value in row.items():
            row[name] = _local(value)
    return named, [] if known else columns


def _target_type(column: Field, rows: list[tuple[Any, ...]], place: int, config: JSON) -> Field:
    """The type for decimals: the first of ``decimalTargetTypes`` that holds all values (NUMERIC, then STRING)."""
    if column["type"] not in ("NUMERIC", "BIGNUMERIC"):
        return column
    wanted = [str(kind) for kind in config.get("decimalTargetTypes") or ["NUMERIC"]]
    found = [row[place] for row in rows if isinstance(row[place], Decimal)]
    limits = {"NUMERIC": (29, 9), "BIGNUMERIC": (38, 38)}
    for kind in ("NUMERIC", "BIGNUMERIC", "STRING"):
        if kind in wanted and (kind == "STRING" or all(_holds(value, *limits[kind]) for value in found)):
            return column | {"type": kind}
    value = next(v for v in found if not _holds(v, *limits[wanted[-1]]))
    raise _unreadable(f"Value {value} of column {column['name']} is out of valid {wanted[-1]} range")


def _holds(value: Decimal, whole: int, fraction: int) -> bool:
    _, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    places = max(0, len(text.rstrip("0")) - len(text) - int(exponent))
    return places <= fraction and len(text) + int(exponent) <= whole


def _local(value: Any) -> Any:
    """A Parquet timestamp without a zone is kept as it is; one with a zone becomes UTC."""
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


def _text(media: bytes, encoding: str = "UTF-8") -> str:
    try:
        return media.decode({"ISO-8859-1": "latin-1"}.get(encoding, encoding))
    except (LookupError, UnicodeDecodeError) as error:
        raise _unreadable(f"the file is not {encoding}: {error}") from error
