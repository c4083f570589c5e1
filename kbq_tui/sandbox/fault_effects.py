"""The effects of a fault on a REST call: an error, a broken answer, no answer, a closed connection."""

import asyncio
import socket
import struct
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.context import SandboxContext
from kbq_tui.sandbox.faults import Rule


async def before(ctx: SandboxContext, request: Request, rule: Rule) -> Response:
    """Apply a fault instead of the call: raises ApiError or returns the response."""
    return await _carry_out(ctx, request, rule, b"{}")


async def after(ctx: SandboxContext, request: Request, rule: Rule, response: Response) -> Response:
    """Break the answer to a call that was carried out. Raises ApiError for ``status``."""
    return await _carry_out(ctx, request, rule, bytes(response.body))


async def _carry_out(ctx: SandboxContext, request: Request, rule: Rule, body: bytes) -> Response:
    if rule.kind == "status":
        raise rule.error()
    if rule.kind == "malformed":
        return Response(b'{"error": [[' + body, 200, media_type="application/json; charset=UTF-8")
    if rule.kind == "content-type":
        page = (
            "<!DOCTYPE html><html><head><title>Proxy</title></head><body>Please sign in to the network.</body></html>"
        )
        return Response(page, 200, media_type="text/html; charset=UTF-8")
    if rule.kind == "truncated":
        return _truncated(ctx, request, body)
    if rule.kind == "hang":
        await hang(ctx, rule.seconds)
    reset(ctx, request)
    await asyncio.sleep(0)
    raise errors.from_http(503)  # the connection is closed, so only the log gets this answer


def _truncated(ctx: SandboxContext, request: Request, body: bytes) -> Response:
    half = body[: max(1, len(body) // 2)]

    async def chunks() -> Any:
        yield half
        await asyncio.sleep(0.01)  # let the first half be sent before the connection is closed
        reset(ctx, request, hard=False)

    headers = {"content-length": str(len(body) + 1)}
    return StreamingResponse(chunks(), 200, headers, media_type="application/json; charset=UTF-8")


async def hang(ctx: SandboxContext, seconds: float) -> None:
    """Send no answer for some seconds, or until the sandbox stops."""
    end = time.monotonic() + seconds
    while not ctx.stopping.is_set() and time.monotonic() < end:  # noqa: ASYNC110  (it is set from another thread)
        await asyncio.sleep(0.02)


def reset(ctx: SandboxContext, request: Request, *, hard: bool = True) -> None:
    """Close the caller's connection: at once with RST, or after the data that is being sent."""
    transport = ctx.connections.get((request.client.host, request.client.port)) if request.client else None
    if transport is None:
        return
    if not hard:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
