"""Rows as Arrow: the schema that the Storage Read API sends for a table, and its record batches.

https://cloud.google.com/bigquery/docs/reference/storage#arrow_schema_details
"""

import io
from collections.abc import Callable, Iterator
from decimal import Context, Decimal
from typing import Any

import nanoarrow
from nanoarrow.c_array_stream import CArrayStream
from nanoarrow.ipc import StreamWriter

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import GEOGRAPHY, RANGE, Field

_MOST = 1_000_000
"""The most bytes of a record batch, unless one row has more: by default a client of gRPC takes messages of 4 MB."""
_MOST_ROWS = 10_000
_ENDS = ("start", "end")
_SQL_TYPE = "google:sqlType:"
_SCALARS: dict[str, Callable[[], Any]] = {
    "INTEGER": nanoarrow.int64,
    "FLOAT": nanoarrow.float64,
    "BOOLEAN": nanoarrow.bool_,
    "STRING": nanoarrow.string,
    "BYTES": nanoarrow.binary,
    "DATE": nanoarrow.date32,
    "DATETIME": lambda: nanoarrow.timestamp("us"),
    "TIME": lambda: nanoarrow.time64("us"),
    "TIMESTAMP": lambda: nanoarrow.timestamp("us", "UTC"),
    "JSON": nanoarrow.string,
    "GEOGRAPHY": nanoarrow.string,
    "INTERVAL": nanoarrow.interval_month_day_nano,
}
# google-cloud-bigquery writes the same, in _pyarrow_helpers.py, and its system tests hold it against the Storage API
_METADATA: dict[str, dict[str, str]] = {
    "DATETIME": {"ARROW:extension:name": _SQL_TYPE + "datetime"},
    "JSON": {"ARROW:extension:name": _SQL_TYPE + "json"},
    "GEOGRAPHY": {"ARROW:extension:name": _SQL_TYPE + "geography", "ARROW:extension:metadata": '{"encoding": "WKT"}'},
    "INTERVAL": {"ARROW:extension:name": _SQL_TYPE + "interval"},
}
_PRECISION = {"NUMERIC": (38, 9), "BIGNUMERIC": (76, 38)}


class ArrowWriter:
    """Writes rows of some columns as messages of Arrow's IPC format.

    https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc

    Args:
        columns: the columns.
    """

    def __init__(self, columns: list[Field]) -> None:
        self._schema = nanoarrow.c_schema(nanoarrow.struct([_arrow_field(f) for f in columns], nullable=False))
        self._out = io.BytesIO()
        self._writer = StreamWriter.from_writable(self._out)
        self._writer.write_stream(CArrayStream.from_c_arrays([], self._schema))
        self.schema = self._taken()
        """The message with the schema."""

    def batches(self, read: Callable[[int, int], Any], first: int, after: int) -> Iterator[tuple[bytes, int]]:
        """Write rows as record batches.

        Args:
            read: gives rows by number, from and before, as an object with ``__arrow_c_stream__``; its columns are
                those of `select`.
            first: the first row's number.
            after: the number after the last row's.

        Yields:
            The message of each record batch, and the number of its rows.
        """
        if first >= after:
            return
        if after - first > _MOST_ROWS:
            for begin in range(first, after, _MOST_ROWS):
                yield from self.batches(read, begin, min(begin + _MOST_ROWS, after))
            return
        arrays = [_fitting(array, self._schema) for array in nanoarrow.c_array_stream(read(first, after))]
        self._writer.write_stream(CArrayStream.from_c_arrays(arrays, self._schema, validate=False))
        message = self._taken()
        if len(arrays) == 1 and (len(message) <= _MOST or after - first == 1):
            yield message, after - first
            return
        middle = (first + after) // 2
        yield from self.batches(read, first, middle)
        yield from self.batches(read, middle, after)

    def _taken(self) -> bytes:
        written = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return written


def select(columns: list[Field]) -> str:
    """What to select from a query's result in DuckDB for `ArrowWriter`."""
    return ", ".join(f"{_plain(fields.quote(f['name']), f)} AS {fields.quote(f['name'])}" for f in columns)


def _plain(value: str, field: Field) -> str:
    """A value in DuckDB's SQL, without the structures in which only the sandbox stores it."""
    if field.get("mode") == "REPEATED":
        one = _plain("x", field | {"mode": "NULLABLE"})
        # Arrow has no NULL there: BigQuery stores an array that is NULL as an empty one
        return f"coalesce({value if one == 'x' else f'list_transform({value}, lambda x: {one})'}, [])"
    kind = field["type"]
    if kind == "RECORD":
        named = [(fields.quote(f["name"]), f) for f in field["fields"]]
        members = ", ".join(f"{name} := {_plain(f'{value}.{name}', f)}" for name, f in named)
        return f"CASE WHEN {value} IS NULL THEN NULL ELSE struct_pack({members}) END"
    if kind == "GEOGRAPHY":
        return f"{value}.{GEOGRAPHY}"
    if kind == "RANGE":
        ends = ", ".join(f"{fields.quote(new)} := {value}.{old}" for new, old in zip(_ENDS, RANGE, strict=True))
        return f"CASE WHEN {value} IS NULL THEN NULL ELSE struct_pack({ends}) END"
    if kind in ("BIGNUMERIC", "JSON"):
        return f"CAST({value} AS VARCHAR)"
    if kind == "NUMERIC":
        return f"CAST({value} AS DECIMAL({_digits(field)[0]},{_digits(field)[1]}))"
    return value


def _digits(field: Field) -> tuple[int, int]:
    """The precision and scale of a NUMERIC or BIGNUMERIC."""
    if field.get("precision") is None:
        return _PRECISION[field["type"]]
    return int(field["precision"]), int(field.get("scale") or 0)


def _arrow_field(field: Field) -> Any:
    """The Arrow field of a column: an array is not nullable, and has the metadata of its elements."""
    name, mode = field["name"], field.get("mode")
    if mode == "REPEATED":
        item = _arrow_type(field)
        inner = nanoarrow.Schema(item, name="item", nullable=True)
        made, nullable = nanoarrow.list_(inner), False
    else:
        made, nullable = _arrow_type(field), mode != "REQUIRED"
    named = nanoarrow.c_schema(nanoarrow.Schema(made, name=name, nullable=nullable))
    return named.modify(metadata=_METADATA.get(field["type"]))


def _arrow_type(field: Field) -> Any:
    kind = field["type"]
    if kind == "RECORD":
        return nanoarrow.struct([_arrow_field(f) for f in field["fields"]])
    if kind == "RANGE":
        element = field["rangeElementType"]["type"]
        return nanoarrow.struct([_arrow_field({"name": end, "type": element}) for end in _ENDS])
    if kind == "NUMERIC":
        return nanoarrow.decimal128(*_digits(field))
    if kind == "BIGNUMERIC":
        return nanoarrow.decimal256(*_digits(field))
    return _SCALARS[kind]()


def _fitting(array: Any, schema: Any) -> Any:
    """An array with the texts of BIGNUMERICs as Arrow's decimals of 256 bits, which DuckDB does not have."""
    if schema.format.startswith("d:") and schema.format.endswith(",256"):
        return _wide(array, schema)
    if not _has_wide(schema):
        return array
    view = array.view()
    buffers = [view.buffer(i) if view.buffer(i).size_bytes else None for i in range(view.n_buffers)]
    children = [_fitting(array.child(i), schema.child(i)) for i in range(array.n_children)]
    return nanoarrow.c_array_from_buffers(
        schema, array.length, buffers, array.null_count, array.offset, children, validation_level="none"
    )


def _has_wide(schema: Any) -> bool:
    return schema.format.endswith(",256") or any(_has_wide(child) for child in schema.children)


def _wide(array: Any, schema: Any) -> Any:
    scale = int(schema.format.split(",")[1])
    texts = nanoarrow.Array(array).to_pylist()
    exact = Context(prec=100)
    data = b"".join(
        (0 if text is None else int(Decimal(text).scaleb(scale, exact))).to_bytes(32, "little", signed=True)
        for text in texts
    )
    bits = sum(1 << i for i, text in enumerate(texts) if text is not None)
    valid = bits.to_bytes((len(texts) + 7) // 8, "little")
    return nanoarrow.c_array_from_buffers(schema, len(texts), [valid, data], texts.count(None))
