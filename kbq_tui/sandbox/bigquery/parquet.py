"""Reads Parquet files with DuckDB, which reads decimals of more than 38 digits as floating-point numbers.

Such a column is stored as bytes, and the footer says that they are a decimal. Without that DuckDB returns the bytes,
and they are decoded here.

https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal
"""

import tempfile
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import Field

_MOST: Final = 38
"""The maximum number of digits of a decimal in DuckDB."""
_DECIMAL: Final = b"\x25\x0a"  # in Thrift's compact form: the field two after the name, `converted_type`, is DECIMAL
_UNKNOWN: Final = b"\x95\x0a"  # the field nine after it, which Parquet has not, nor has it those that follow


def read(media: bytes) -> tuple[list[tuple[Any, ...]], list[Field]]:
    """Return the rows and columns of a file, read with a separate DuckDB that may read this one file and nothing else.

    Raises:
        duckdb.Error: it is not a Parquet file.
        ValueError: it has decimals of more than 38 digits that cannot be decoded; the message names the column.
    """
    with tempfile.TemporaryDirectory(prefix="kbq-load-") as folder:
        path = Path(folder) / "upload.parquet"
        path.write_bytes(media)
        db = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
        try:
            db.execute(f"SET allowed_paths=['{path}']; SET enable_external_access=false; SET TimeZone='UTC'")
            scales = _scales(db, path)
            if scales:
                path.write_bytes(_as_bytes(media, scales))
            cursor = db.execute("SELECT * FROM read_parquet(?)", [str(path)])
            columns = [fields.from_duck(d[0], d[1]) for d in cursor.description or []]
            rows = cursor.fetchall()
        finally:
            db.close()
    if not scales:
        return rows, columns
    columns = [c | {"type": "BIGNUMERIC"} if c["name"] in scales else c for c in columns]
    places = [scales.get(c["name"]) for c in columns]
    return [tuple(map(_number, row, places)) for row in rows], columns


def _scales(db: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Return the digits after the point of each column of such decimals."""
    sql = "SELECT name, num_children, precision, scale FROM parquet_schema(?)"
    found: dict[str, int] = {}
    inside = [-1]  # for each enclosing structure: how many of its members are still to come; -1 for the root
    for name, children, precision, scale in db.execute(sql, [str(path)]).fetchall()[1:]:
        if precision is not None and precision > _MOST:
            if len(inside) > 1 or name in found:
                raise ValueError(f"Decimals of more than {_MOST} digits within structures and arrays, such as {name},")
            found[name] = scale or 0
        inside[-1] -= 1
        if children:
            inside.append(children)
        while inside[-1] == 0:
            inside.pop()
    return found


def _as_bytes(media: bytes, scales: dict[str, int]) -> bytes:
    """Return the file without the information that the columns of these names are decimals."""
    begin = len(media) - 8 - int.from_bytes(media[-8:-4], "little")
    body, footer = media[:begin], media[begin:]
    for name in scales:
        text = name.encode()
        named = b"\x18" + _varint(len(text)) + text
        if footer.count(named + _DECIMAL) != 1:
            raise ValueError(f"Decimals of more than {_MOST} digits in a file of this form, such as {name},")
        footer = footer.replace(named + _DECIMAL, named + _UNKNOWN)
    return body + footer


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def _number(value: Any, scale: int | None) -> Any:
    if scale is None or value is None:
        return value
    return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-scale, Context(prec=100))
