"""A call over gRPC: authenticated, logged, refused and made to fail as a call over REST is."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import grpc
from grpc_status import rpc_status

from kbq_tui.sandbox import errors, exchanges
from kbq_tui.sandbox.context import Call, SandboxContext
from kbq_tui.sandbox.faults import Rule

T = TypeVar("T")


def metadata(context: grpc.ServicerContext) -> dict[str, str]:
    """The metadata that a caller sent, which stands for HTTP's headers."""
    return {str(key): str(value) for key, value in context.invocation_metadata()}


def answer(
    ctx: SandboxContext,
    context: grpc.ServicerContext,
    call: Call,
    handler: Callable[[Call], T],
    encode: Callable[[T], Iterable[bytes]],
    *,
    in_rest: bool,
) -> Iterator[bytes]:
    """Carry out a call and yield the messages of its answer; ends the call with a status where it is refused.

    Args:
        ctx: the sandbox.
        context: the call in gRPC.
        call: the call; its `resource` is what faults count by.
        handler: does the work.
        encode: makes messages of the handler's result. A fault after the call takes the place of the last one.
        in_rest: whether the handler's result is the JSON of a method that REST has as well, which `exchanges` is told.
    """
    fault = None
    try:
        fault = ctx.faults.next(call.method, "before", call.resource)
        if fault:
            yield _carry_out(ctx, context, fault, call)
            return
        if ctx.latency:
            time.sleep(ctx.latency)
        result = ctx.run(call, handler)
    except errors.ApiError as error:
        ctx.record(call, error.http)
        if fault is None and in_rest:
            _tell(call, error.http, error.modern())
        _abort(context, error)
        return
    ctx.record(call, 200)
    if in_rest:
        _tell(call, 200, result)
    messages = list(encode(result))
    fault = ctx.faults.next(call.method, "after", call.resource)
    if fault is None:
        yield from messages
        return
    yield from messages[:-1]
    try:
        yield _carry_out(ctx, context, fault, None)
    except errors.ApiError as error:
        _abort(context, error)


def _tell(call: Call, status: int, result: Any) -> None:
    exchanges.tell(lambda: exchanges.Exchange(call.method, "gRPC", call.resource, [], call.body, status, result))


def _abort(context: grpc.ServicerContext, error: errors.ApiError) -> None:
    """End the call with a rich status (https://grpc.io/docs/guides/error/#richer-error-model); raises."""
    context.abort_with_status(rpc_status.to_status(error.proto_status()))


def _carry_out(ctx: SandboxContext, context: grpc.ServicerContext, rule: Rule, call: Call | None) -> bytes:
    """Apply a fault to a gRPC call; `call` is logged if the server did not act."""
    if rule.kind == "status":
        raise rule.error()
    if call:
        ctx.record(call, 503)
    if rule.kind in ("malformed", "truncated", "content-type"):
        return b"\xff\xff\xff\xff"  # no protobuf message begins with these bytes
    if rule.kind == "hang":
        end = time.monotonic() + rule.seconds
        while context.is_active() and time.monotonic() < end and not ctx.stopping.wait(0.02):
            pass
    context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
    raise AssertionError("abort raises")
