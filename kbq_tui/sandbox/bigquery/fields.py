"""Column types: BigQuery's schema JSON and DuckDB's types.

A field is the JSON object of BigQuery's ``TableFieldSchema``: ``{"name", "type", "mode", "fields", ...}`` with the type
names the API answers with (``INTEGER``, ``FLOAT``, ``BOOLEAN``, ``RECORD``), whichever spelling was given.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp

Field = dict[str, Any]
Row = tuple[Any, ...]

# API name -> (SQL name, DuckDB type)
_TYPES: dict[str, tuple[str, str]] = {
    "INTEGER": ("INT64", "BIGINT"),
    "FLOAT": ("FLOAT64", "DOUBLE"),
    "NUMERIC": ("NUMERIC", "DECIMAL(38,9)"),
    "BIGNUMERIC": ("BIGNUMERIC", "DECIMAL(38,19)"),  # used in tables; see `column_type`
    "BOOLEAN": ("BOOL", "BOOLEAN"),
    "STRING": ("STRING", "VARCHAR"),
    "BYTES": ("BYTES", "BLOB"),
    "DATE": ("DATE", "DATE"),
    "DATETIME": ("DATETIME", "TIMESTAMP"),
    "TIME": ("TIME", "TIME"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMPTZ"),
    "JSON": ("JSON", "JSON"),
    "GEOGRAPHY": ("GEOGRAPHY", "STRUCT(_geography VARCHAR)"),
    "INTERVAL": ("INTERVAL", "INTERVAL"),
}
GEOGRAPHY = "_geography"
"""The only member of the structure in which DuckDB stores a GEOGRAPHY: its text (WKT)."""
RANGE = ("_range_start", "_range_end")
"""The members of the structure in which DuckDB stores a RANGE; NULL is UNBOUNDED."""
BIGNUMERIC = "UNION(_number DECIMAL(38,19), _whole HUGEINT, _float DOUBLE, _text VARCHAR)"
"""The type in which DuckDB stores a BIGNUMERIC column. It has no decimal with 76 digits, so longer numbers are text."""
COMPUTED = "DECIMAL(38,19)"
"""The type in which DuckDB computes with BIGNUMERIC."""
_RANGES = ("DATE", "DATETIME", "TIMESTAMP")
_WITH_LENGTH = ("STRING", "BYTES")
# digits before and after the point
# (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_decimal_type)
_DIGITS = {"NUMERIC": (29, 9), "BIGNUMERIC": (38, 38)}
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


class BadSchema(ValueError):
    """A schema that BigQuery would refuse; the message is the text of the refusal."""


def normalise(fields: Iterable[Mapping[str, Any]]) -> list[Field]:
    """Check a schema and give it with the API's type names and explicit modes.

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
        kind = spelled if spelled in _TYPES or spelled == "RANGE" else _SPELLINGS.get(spelled)
        if kind is None:
            raise BadSchema(f"Invalid value for type: {spelled} is not a valid value")
        field = {k: v for k, v in given.items() if k != "fields" and v is not None}
        field.update(name=name, type=kind, mode=str(given.get("mode") or "NULLABLE").upper())
        if not (field.get("policyTags") or {}).get("names"):
            field.pop("policyTags", None)
        if kind == "RANGE":
            element = str((given.get("rangeElementType") or {}).get("type") or "").upper()
            if element not in _RANGES:
                raise BadSchema(f"Field {name} is of type RANGE, whose rangeElementType must be one of {_RANGES}")
            field["rangeElementType"] = {"type": element}
        _check_parameters(field)
        if kind == "RECORD":
            if not given.get("fields"):
                raise BadSchema(f"Field {name} is type RECORD but has no schema")
            field["fields"] = normalise(given["fields"])
        result.append(field)
    return result


def columns(text: str) -> list[Field]:
    """``name TYPE, ...`` as a schema; ``TYPE[]`` is repeated."""
    result: list[Field] = []
    for part in text.split(","):
        name, kind = part.split()
        mode = "REPEATED" if kind.endswith("[]") else "NULLABLE"
        result.append({"name": name, "type": kind.removesuffix("[]"), "mode": mode})
    return normalise(result)


def _check_parameters(field: Field) -> None:
    """Refuse a length, precision or scale that the type does not take.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema
    """
    name, kind = field["name"], field["type"]
    length, precision, scale = (field.get(key) for key in ("maxLength", "precision", "scale"))
    if length is not None and (kind not in _WITH_LENGTH or int(length) < 1):
        raise BadSchema(f"Field {name}: maxLength must be positive, and the type STRING or BYTES")
    if precision is None and scale is None:
        return
    whole, fraction = _DIGITS.get(kind, (0, 0))
    digits, places = int(precision or 0), int(scale or 0)
    if not (0 <= places <= fraction and max(1, places) <= digits <= whole + places):
        raise BadSchema(f"Field {name}: precision {digits} and scale {places} are not valid for type {kind}")


def parameters(field: Field) -> str:
    """``(9, 2)`` of ``NUMERIC(9, 2)``, ``(10)`` of ``STRING(10)``; empty for a type without parameters."""
    given = [field[key] for key in ("maxLength", "precision", "scale") if field.get(key) is not None]
    return "(" + ", ".join(str(value) for value in given) + ")" if given else ""


def column_type(field: Field) -> str:
    """The DuckDB type of a table's column, which can hold every BIGNUMERIC."""
    return BIGNUMERIC if is_wide(field) else duck_type(field)


def is_wide(field: Field) -> bool:
    """Whether a table's column may hold numbers with more digits than DuckDB can compute with."""
    plain = field.get("precision") is None and field.get("mode") != "REPEATED"
    return bool(field["type"] == "BIGNUMERIC" and plain)


def duck_type(field: Field) -> str:
    """The DuckDB type of a value."""
    if field["type"] == "RECORD":
        inner = ", ".join(f"{quote(f['name'])} {duck_type(f)}" for f in field["fields"])
        scalar = f"STRUCT({inner})"
    elif field["type"] == "RANGE":
        element = _TYPES[field["rangeElementType"]["type"]][1]
        scalar = f"STRUCT({RANGE[0]} {element}, {RANGE[1]} {element})"
    elif field.get("precision") is not None:
        scalar = f"DECIMAL({min(int(field['precision']), 38)},{int(field.get('scale') or 0)})"
    else:
        scalar = _TYPES[field["type"]][1]
    return f"{scalar}[]" if field.get("mode") == "REPEATED" else scalar


def sql_type(field: Field) -> str:
    """The type in GoogleSQL, for INFORMATION_SCHEMA.COLUMNS: ``ARRAY<STRUCT<a INT64>>``."""
    if field["type"] == "RECORD":
        scalar = "STRUCT<" + ", ".join(f"{f['name']} {sql_type(f)}" for f in field["fields"]) + ">"
    elif field["type"] == "RANGE":
        scalar = f"RANGE<{field['rangeElementType']['type']}>"
    else:
        scalar = _TYPES[field["type"]][0] + parameters(field)
    return f"ARRAY<{scalar}>" if field.get("mode") == "REPEATED" else scalar


def from_duck(name: str, duck: Any) -> Field:
    """The field of a result column.

    Args:
        name: column name.
        duck: DuckDB's type object, from a cursor's description.
    """
    kind = str(duck.id)
    if str(duck) == "JSON":
        return {"name": name, "type": "JSON", "mode": "NULLABLE"}
    if kind in ("list", "array"):
        return from_duck(name, dict(duck.children)["child"]) | {"mode": "REPEATED"}
    if kind == "struct":
        members = [from_duck(child, t) for child, t in duck.children]
        names = tuple(member["name"] for member in members)
        if names == (GEOGRAPHY,):
            return {"name": name, "type": "GEOGRAPHY", "mode": "NULLABLE"}
        if names == RANGE:
            element = {"type": members[0]["type"]}
            return {"name": name, "type": "RANGE", "mode": "NULLABLE", "rangeElementType": element}
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": members}
    if kind == "union":
        return {"name": name, "type": "BIGNUMERIC", "mode": "NULLABLE"}
    # more digits than the product of two NUMERICs has
    if kind == "decimal" and dict(duck.children)["scale"] > 2 * _DIGITS["NUMERIC"][1]:
        return {"name": name, "type": "BIGNUMERIC", "mode": "NULLABLE"}
    # integers of every width are INT64, and so is an untyped NULL
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
    if data_type.this == exp.DataType.Type.RANGE and data_type.expressions:
        element = data_type.expressions[0].sql("bigquery").upper()
        given = {"name": name, "type": "RANGE", "rangeElementType": {"type": element}}
        return normalise([given])[0]
    spelled = data_type.sql("bigquery").split("(")[0].upper()
    if spelled not in _SPELLINGS:
        raise BadSchema(f"Type not found: {spelled}")
    found: Field = {"name": name, "type": _SPELLINGS[spelled], "mode": "NULLABLE"}
    keys = ("maxLength",) if found["type"] in _WITH_LENGTH else ("precision", "scale")
    if data_type.expressions and found["type"] not in (*_WITH_LENGTH, *_DIGITS, "TIMESTAMP"):
        raise BadSchema(f"{spelled} does not support type parameters")
    if found["type"] != "TIMESTAMP":
        found |= {key: part.name for key, part in zip(keys, data_type.expressions, strict=False)}
    _check_parameters(found)
    return found


def size_sql(field: Field) -> str:
    """A DuckDB expression for the logical bytes of one value (BigQuery's "data type sizes")."""
    column = quote(field["name"])
    if field.get("mode") == "REPEATED" or field["type"] in ("RECORD", "JSON", "STRING", "GEOGRAPHY", "RANGE"):
        return f"coalesce(2 + strlen(CAST({column} AS VARCHAR)), 0)"
    if field["type"] == "BYTES":
        return f"coalesce(2 + octet_length({column}), 0)"
    return f"CASE WHEN {column} IS NULL THEN 0 ELSE {_SIZES.get(field['type'], 8)} END"


def quote(name: str) -> str:
    """A name as a quoted DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'
