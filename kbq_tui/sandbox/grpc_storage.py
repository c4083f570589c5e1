"""google.cloud.bigquery.storage.v1.BigQueryRead over gRPC. Its messages, DuckDB and Arrow are imported by the first
call, because few callers need them, and the sandbox starts sooner without."""

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import grpc
from google.protobuf import json_format

from kbq_tui.sandbox import grpc_calls
from kbq_tui.sandbox.context import Call, SandboxContext

JSON = dict[str, Any]
SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"


def handler(ctx: SandboxContext) -> grpc.GenericRpcHandler:
    """The service's methods for a sandbox."""

    def create(request: Any, context: grpc.ServicerContext) -> bytes:
        work: Any = _work().create
        return next(_answer(ctx, context, "createReadSession", request, request.parent, work, _encode_session))

    def read(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        work: Any = _work().read
        return _answer(ctx, context, "readRows", request, request.read_stream, work, _encode_rows)

    def split(request: Any, context: grpc.ServicerContext) -> bytes:
        work: Any = _work().split
        return next(_answer(ctx, context, "splitReadStream", request, request.name, work, lambda result: []))

    methods = {
        "CreateReadSession": grpc.unary_unary_rpc_method_handler(create, _reader("CreateReadSessionRequest")),
        "ReadRows": grpc.unary_stream_rpc_method_handler(read, _reader("ReadRowsRequest")),
        "SplitReadStream": grpc.unary_unary_rpc_method_handler(split, _reader("SplitReadStreamRequest")),
    }
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _work() -> ModuleType:
    from kbq_tui.sandbox.bigquery import storage_read

    return storage_read


@functools.cache
def _message(name: str) -> Any:
    """One of the service's messages, as a plain protobuf class."""
    from google.cloud.bigquery_storage_v1 import types

    return getattr(types, name).pb()


def _reader(name: str) -> Callable[[bytes], Any]:
    return lambda data: _message(name).FromString(data)


def _answer(
    ctx: SandboxContext,
    context: grpc.ServicerContext,
    name: str,
    request: Any,
    resource: str,
    work: Callable[[Call], Any],
    encode: Callable[[Any], Any],
) -> Iterator[bytes]:
    body = json_format.MessageToDict(request)
    parts = resource.split("/")
    params = {"project": parts[1]} if parts[0] == "projects" and len(parts) > 1 else {}
    call = Call(ctx, f"bigquerystorage.{name}", params, body, grpc_calls.metadata(context), body)
    call.resource = resource
    context.add_callback(call.left.set)
    return grpc_calls.answer(ctx, context, call, work, encode, in_rest=False)


def _encode_session(result: Any) -> list[bytes]:
    _, schema, answer = result
    message = json_format.ParseDict(answer, _message("ReadSession")())
    message.arrow_schema.serialized_schema = schema
    return [message.SerializeToString()]


def _encode_rows(result: Any) -> Iterator[bytes]:
    at = result.first
    for number, (batch, count) in enumerate(result.batches):
        message = _message("ReadRowsResponse")(row_count=count)
        message.arrow_record_batch.serialized_record_batch = batch
        message.arrow_record_batch.row_count = count
        message.stats.progress.at_response_start = at / result.total
        at += count
        message.stats.progress.at_response_end = at / result.total
        if number == 0:
            message.arrow_schema.serialized_schema = result.schema
        yield message.SerializeToString()
