"""Google's client of the Storage Read API on a sandbox, and its Arrow messages decoded without pyarrow."""

import warnings
from typing import Any

import grpc
import nanoarrow
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import Request
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

ARROW = types.DataFormat.ARROW


def channel(address: str, credentials: Any) -> grpc.Channel:
    """A channel without TLS that sends a token with each call."""
    token = grpc.metadata_call_credentials(AuthMetadataPlugin(credentials, Request()))
    return grpc.secure_channel(address, grpc.composite_channel_credentials(grpc.local_channel_credentials(), token))


def client(opened: grpc.Channel) -> BigQueryReadClient:
    return BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=opened))


def session(
    reader: BigQueryReadClient, table: str, project: str = "", modifiers: Any = None, streams: int = 0, **options: Any
) -> Any:
    """Create a session that reads `project.dataset.table`."""
    parts = table.split(".")
    wanted = types.ReadSession(
        table="projects/{}/datasets/{}/tables/{}".format(*parts),
        data_format=options.pop("data_format", ARROW),
        table_modifiers=modifiers,
        read_options=options,
    )
    parent = f"projects/{project or parts[0]}"
    return reader.create_read_session(parent=parent, read_session=wanted, max_stream_count=streams)


def answers(reader: BigQueryReadClient, found: Any, offset: int = 0) -> list[Any]:
    """The answers of `ReadRows` for the only stream of a session; none if it has no stream."""
    return [answer for s in found.streams for answer in reader.read_rows(s.name, offset=offset, timeout=60)]


def rows(reader: BigQueryReadClient, found: Any, offset: int = 0) -> list[dict[str, Any]]:
    """All rows of a session."""
    batches = [a.arrow_record_batch.serialized_record_batch for a in answers(reader, found, offset)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it knows no type of Google's
        return decoded(found.arrow_schema.serialized_schema, batches).to_pylist()


def decoded(schema: bytes, batches: list[bytes]) -> Any:
    return nanoarrow.ArrayStream.from_readable(schema + b"".join(batches)).read_all()


def columns(found: Any) -> list[str]:
    """The names of a session's columns."""
    schema = nanoarrow.ArrayStream.from_readable(found.arrow_schema.serialized_schema).schema
    return [field.name for field in schema.fields]
