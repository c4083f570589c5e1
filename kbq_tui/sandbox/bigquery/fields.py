"""Column types: BigQuery's schema JSON, DuckDB's types, and the f/v rows of the REST API.

A field is the JSON object of BigQuery's ``TableFieldSchema``: ``{"name", "type", "mode", "fields", ...}`` with the
type names the API answers with (``INTEGER``, ``FLOAT``, ``BOOLEAN``, ``RECORD``), whatever spelling it was given.
"""

import base64
import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp

Field = dict[str, Any]
Row = tuple[Any, ...]

# API name -> (SQL name, DuckDB type)
_TYPES: dict[str, tuple[str, str]] = {
    "INTEGER": ("INT64", "BIGINT"),
    "FLOAT": ("FLOAT64", "DOUBLE"),
    "NUMERIC": ("NUMERIC", "DECIMAL(38,9)"),
    "BIGNUMERIC": ("BIGNUMERIC", "DECIMAL(38,18)"),
    "BOOLEAN": ("BOOL", "BOOLEAN"),
    "STRING": ("STRING", "VARCHAR"),
    "BYTES": ("BYTES", "BLOB"),
    "DATE": ("DATE", "DATE"),
    "DATETIME": ("DATETIME", "TIMESTAMP"),
    "TIME": ("TIME", "TIME"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMPTZ"),
    "JSON": ("JSON", "JSON"),
    "GEOGRAPHY": ("GEOGRAPHY", "VARCHAR"),
    "INTERVAL": ("INTERVAL", "INTERVAL"),
}
_SPELLINGS = {sql: api for api, (sql, _) in _TYPES.items()} | {
    "STRUCT": "RECORD",
    "RECORD": "RECORD",
    "INT": "INTEGER",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
_DUCK_IDS = {
    "double": "FLOAT",
    "float": "FLOAT",
    "decimal": "NUMERIC",
    "boolean": "BOOLEAN",
    "varchar": "STRING",
    "uuid": "STRING",
    "enum": "STRING",
    "blob": "BYTES",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "DATETIME",
    "timestamp_s": "DATETIME",
    "timestamp_ms": "DATETIME",
    "timestamp_ns": "DATETIME",
    "timestamp with time zone": "TIMESTAMP",
    "interval": "INTERVAL",
}
_SIZES = {"BOOLEAN": 1, "NUMERIC": 16, "BIGNUMERIC": 32, "INTERVAL": 16}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class BadSchema(ValueError):
    """A schema that BigQuery would refuse; the message is the text of the refusal."""


def normalise(fields: Iterable[Mapping[str, Any]]) -> list[Field]:
    """Checks a schema and returns it with the API's own type names and an explicit mode.

    Raises:
        BadSchema: a name is missing or given twice, or a type is unknown.
    """
    seen: set[str] = set()
    result: list[Field] = []
    for given in fields:
        name = str(given.get("name") or "")
        if not name:
            raise BadSchema("Field name is missing.")
        if name.lower() in seen:
            raise BadSchema(f"Duplicate field name in schema: {name}.")
        seen.add(name.lower())
        spelled = str(given.get("type") or "STRING").upper()
        kind = spelled if spelled in _TYPES else _SPELLINGS.get(spelled)
        if kind is None:
            raise BadSchema(f"Invalid value for type: {spelled} is not a valid value")
        field = {k: v for k, v in given.items() if k not in ("fields",)}
        field.update(name=name, type=kind, mode=str(given.get("mode") or "NULLABLE").upper())
        if kind == "RECORD":
            if not given.get("fields"):
                raise BadSchema(f"Field {name} is type RECORD but has no schema")
            field["fields"] = normalise(given["fields"])
        result.append(field)
    return result


def duck_type(field: Field) -> str:
    """The DuckDB type of a column."""
    if field["type"] == "RECORD":
        inner = ", ".join(f"{quote(f['name'])} {duck_type(f)}" for f in field["fields"])
        scalar = f"STRUCT({inner})"
    else:
        scalar = _TYPES[field["type"]][1]
    return f"{scalar}[]" if field.get("mode") == "REPEATED" else scalar


def sql_type(field: Field) -> str:
    """The type as GoogleSQL writes it, for INFORMATION_SCHEMA.COLUMNS: ``ARRAY<STRUCT<a INT64>>``."""
    if field["type"] == "RECORD":
        scalar = "STRUCT<" + ", ".join(f"{f['name']} {sql_type(f)}" for f in field["fields"]) + ">"
    else:
        scalar = _TYPES[field["type"]][0]
    return f"ARRAY<{scalar}>" if field.get("mode") == "REPEATED" else scalar


def from_duck(name: str, duck: Any) -> Field:
    """The field of a result column.

    Args:
        name: column name.
        duck: DuckDB's type object, as found in a cursor's description.
    """
    kind = str(duck.id)
    if str(duck) == "JSON":
        return {"name": name, "type": "JSON", "mode": "NULLABLE"}
    if kind in ("list", "array"):
        return from_duck(name, dict(duck.children)["child"]) | {"mode": "REPEATED"}
    if kind == "struct":
        return {
            "name": name,
            "type": "RECORD",
            "mode": "NULLABLE",
            "fields": [from_duck(child, t) for child, t in duck.children],
        }
    # every width of integer is INT64, and so is a bare NULL
    return {"name": name, "type": _DUCK_IDS.get(kind, "INTEGER"), "mode": "NULLABLE"}


def from_sql(name: str, data_type: exp.DataType) -> Field:
    """The field of a column declared in SQL.

    Raises:
        BadSchema: the type does not exist.
    """
    if data_type.this == exp.DataType.Type.ARRAY:
        if not data_type.expressions:
            raise BadSchema("ARRAY must have an element type")
        return from_sql(name, data_type.expressions[0]) | {"mode": "REPEATED"}
    if data_type.this == exp.DataType.Type.STRUCT:
        inner = [from_sql(child.name, child.args["kind"]) for child in data_type.expressions]
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": inner}
    spelled = data_type.sql("bigquery").split("(")[0].upper()
    if spelled not in _SPELLINGS:
        raise BadSchema(f"Type not found: {spelled}")
    return {"name": name, "type": _SPELLINGS[spelled], "mode": "NULLABLE"}


def size_sql(field: Field) -> str:
    """A DuckDB expression: the logical bytes of one value (BigQuery's "data type sizes")."""
    column = quote(field["name"])
    if field.get("mode") == "REPEATED" or field["type"] in ("RECORD", "JSON", "STRING", "GEOGRAPHY"):
        return f"coalesce(2 + strlen(CAST({column} AS VARCHAR)), 0)"
    if field["type"] == "BYTES":
        return f"coalesce(2 + octet_length({column}), 0)"
    return f"CASE WHEN {column} IS NULL THEN 0 ELSE {_SIZES.get(field['type'], 8)} END"


def quote(name: str) -> str:
    """A name as a quoted DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def encode_rows(rows: Iterable[Row], fields: list[Field], int64_timestamps: bool) -> list[dict[str, Any]]:
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
        values = tuple(value.values()) if isinstance(value, dict) else tuple(value)
        return encode_rows([values], field["fields"], int64_timestamps)[0]
    if kind == "BOOLEAN":
        return "true" if value else "false"
    if kind == "FLOAT":
        return _float_text(float(value))
    if kind in ("NUMERIC", "BIGNUMERIC"):
        text = format(Decimal(value), "f")
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


def decode_json(value: Any, field: Field) -> Any:
    """A value of ``tabledata.insertAll`` as DuckDB takes it (text is cast by the column's type).

    Raises:
        BadSchema: it is not of the column's shape.
    """
    if value is None:
        return None
    if field.get("mode") == "REPEATED":
        if not isinstance(value, list):
            raise BadSchema(f"Field {field['name']} is repeated: its value must be a list.")
        one = field | {"mode": "NULLABLE"}
        return [decode_json(item, one) for item in value]
    if field["type"] == "RECORD":
        if not isinstance(value, dict):
            raise BadSchema(f"This field: {field['name']} is a record.")
        return {f["name"]: decode_json(value.get(f["name"]), f) for f in field["fields"]}
    if field["type"] == "BYTES":
        try:
            return base64.b64decode(str(value), validate=True)
        except ValueError as error:
            raise BadSchema(f"Could not decode base64 string to bytes. Field: {field['name']}") from error
    if field["type"] == "JSON" and not isinstance(value, str):
        return json.dumps(value)
    return value
