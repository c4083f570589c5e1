"""The proofs of the beliefs about the Storage Read API, which has no REST."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import nanoarrow
import pytest
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import BigQueryReadClient

from tests.live.proofs import GoogleRest, proves, with_table
from tests.support import arrow


@contextmanager
def _reader(there: GoogleRest) -> Iterator[BigQueryReadClient]:
    if there.ground.live:
        yield BigQueryReadClient(credentials=there.session.credentials)
        return
    with arrow.channel(there.ground.env["KBQ_TUI_IAM_GRPC"], there.session.credentials) as opened:
        yield arrow.client(opened)


def _with_reader(there: GoogleRest, work: Callable[[BigQueryReadClient, str], None]) -> None:
    """Call `work` with a client and the full name of the table of `with_table`."""
    with _reader(there) as reader:
        with_table(there, lambda table: work(reader, f"{there.project}.{table}"))


def _refusal(reader: BigQueryReadClient, table: str, **options: Any) -> str:
    with pytest.raises(exceptions.InvalidArgument) as caught:
        arrow.session(reader, table, **options)
    return str(caught.value.message)


@proves("storage-schema")
def _(there: GoogleRest) -> None:
    expressions = {
        "n": "NUMERIC '1'",
        "b": "BIGNUMERIC '1'",
        "l": "[1]",
        "dt": "DATETIME '2020-01-01'",
        "ts": "TIMESTAMP '2020-01-01'",
        "j": "JSON '{}'",
        "g": "ST_GEOGPOINT(1, 2)",
        "v": "INTERVAL 1 DAY",
    }

    def work(reader: BigQueryReadClient, table: str) -> None:
        columns = ", ".join(f"{expression} AS {name}" for name, expression in expressions.items())
        there.query(f"CREATE TABLE `{table}_types` AS SELECT {columns}")
        try:
            found = arrow.session(reader, f"{table}_types")
        finally:
            there.query(f"DROP TABLE `{table}_types`")
        message = found.arrow_schema.serialized_schema
        schema = nanoarrow.c_schema(nanoarrow.ArrayStream.from_readable(message).schema)
        formats = [field.format for field in schema.children]
        assert formats == ["d:38,9", "d:76,38,256", "+l", "tsu:", "tsu:UTC", "u", "u", "tin"]
        assert [bool(field.flags & 2) for field in schema.children] == [name != "l" for name in expressions]
        metadata = {f.name: dict(f.metadata.items()) for f in schema.children if f.metadata is not None}
        names = {name: found[b"ARROW:extension:name"].decode() for name, found in metadata.items()}
        kinds = {"dt": "datetime", "j": "json", "g": "geography", "v": "interval"}
        assert names == {name: f"google:sqlType:{kind}" for name, kind in kinds.items()}

    _with_reader(there, work)


@proves("storage-view")
def _(there: GoogleRest) -> None:
    def work(reader: BigQueryReadClient, table: str) -> None:
        there.query(f"CREATE VIEW `{table}_view` AS SELECT x FROM `{table}`")
        try:
            text = _refusal(reader, f"{table}_view")
        finally:
            there.query(f"DROP VIEW `{table}_view`")
        assert text == "request failed: non-table entities cannot be read with the storage API"

    _with_reader(there, work)


@proves("storage-format")
def _(there: GoogleRest) -> None:
    def work(reader: BigQueryReadClient, table: str) -> None:
        assert _refusal(reader, table, data_format=0) == "request failed: data format unspecified"

    _with_reader(there, work)


@proves("storage-fields")
def _(there: GoogleRest) -> None:
    def work(reader: BigQueryReadClient, table: str) -> None:
        text = _refusal(reader, table, selected_fields=["nope"])
        assert text == "request failed: The following selected fields do not exist in the table schema: nope"
        assert arrow.columns(arrow.session(reader, table, selected_fields=["y", "x"])) == ["x", "y"]

    _with_reader(there, work)


@proves("storage-offset")
def _(there: GoogleRest) -> None:
    def work(reader: BigQueryReadClient, table: str) -> None:
        found = arrow.session(reader, table, streams=1)
        assert len(arrow.rows(reader, found, 1)) == 2
        assert arrow.rows(reader, found, 3) == []
        with pytest.raises(exceptions.FailedPrecondition, match="offset 100 has not been allocated yet"):
            arrow.answers(reader, found, 100)

    _with_reader(there, work)


@proves("storage-empty")
def _(there: GoogleRest) -> None:
    def work(reader: BigQueryReadClient, table: str) -> None:
        there.query(f"CREATE TABLE `{table}_empty` (x INT64)")
        try:
            found = arrow.session(reader, f"{table}_empty")
        finally:
            there.query(f"DROP TABLE `{table}_empty`")
        assert (list(found.streams), arrow.columns(found)) == ([], ["x"])

    _with_reader(there, work)
