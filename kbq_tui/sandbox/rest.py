"""Passes requests to handlers and returns their answers: what all REST methods of all services share.

A service exports ``routes(ctx) -> list[Route]`` and builds each route with `route`::

    def get_dataset(call: Call) -> JSON | Reply:
        dataset = call.ctx.world.dataset(call.params["project"], call.params["dataset"])
        ...
        call.ctx.authz.require(call.principal, "bigquery.datasets.get", dataset)
        return {...}                       # 200 with JSON; Reply(...) for anything else

    def routes(ctx: SandboxContext) -> list[Route]:
        base = "/bigquery/v2/projects/{project}"
        return [route(ctx, "GET", base + "/datasets/{dataset}", "bigquery.datasets.get", get_dataset, legacy=True)]

Handlers are plain functions. For each call the endpoint applies the fault plan's "before", waits for the latency, runs
the handler in a thread (after authentication, with the world's lock held), records the call, and applies "after". So
concurrent calls wait for the latency together, and a handler needs no lock. It raises `errors.ApiError` to refuse.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kbq_tui.sandbox import errors, exchanges, fault_effects, masks, uploads
from kbq_tui.sandbox.context import Call, SandboxContext

JSON = dict[str, Any]


@dataclass
class Reply:
    """An answer other than 200 with JSON. If `body` is None, no body is sent."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], "JSON | Reply | None"]


def route(
    ctx: SandboxContext,
    verb: str,
    path: str,
    method: str,
    handler: Handler,
    *,
    write: bool = False,
    legacy: bool = False,
    open_to_all: bool = False,
) -> Route:
    """One REST method.

    Args:
        ctx: the sandbox it serves.
        verb: HTTP method.
        path: Starlette path; the parameters arrive in ``call.params``.
        method: name in the log and the fault plan, e.g. ``iam.serviceAccounts.create``. Its first part names
            the API, which must be enabled in the calling project (and for BigQuery and IAM in the project addressed).
        handler: the work, run with the world's lock held.
        write: whether success changes the world (dry runs and reads by POST may set ``call.write = False``).
        legacy: errors in BigQuery's JSON shape instead of the modern one.
        open_to_all: no authentication (token endpoint, discovery).
    """

    async def endpoint(request: Request) -> Response:
        call = Call(
            ctx,
            method,
            params={k: str(v) for k, v in request.path_params.items()},
            query=request.query_params,
            headers=request.headers,
            is_write=write,
            public=open_to_all,
        )
        call.resource = request.url.path
        raw = await request.body()
        sent: JSON = {}
        fault = None
        try:
            fault = ctx.faults.next(method, "before", request.url.path)
            if fault:
                response = await fault_effects.before(ctx, request, fault)
                ctx.record(call, 503)
                return response
            call.body, call.media = uploads.parse(raw, request.headers)
            sent = call.body  # a shape check may replace the body
            mask = masks.parse(request.query_params["fields"]) if "fields" in request.query_params else {}
            await ctx.pause()
            result = await _watched(request, call, ctx.threads.submit(ctx.run, call, handler))
        except errors.ApiError as error:
            ctx.record(call, error.http)
            if fault is None:
                _tell(request, call, sent, error.http, error.legacy() if legacy else error.modern())
            return _refusal(error, legacy)
        reply = result if isinstance(result, Reply) else Reply({} if result is None else result)
        ctx.record(call, reply.status)
        _tell(request, call, sent, reply.status, reply.body)
        if mask and reply.status < 400:
            reply.body = masks.apply(reply.body, mask)
        response = _json(reply.body, reply.status, reply.headers)
        fault = ctx.faults.next(method, "after", request.url.path)
        try:
            return await fault_effects.after(ctx, request, fault, response) if fault else response
        except errors.ApiError as error:
            return _refusal(error, legacy)

    return Route(path, endpoint, methods=[verb], name=method)


def _tell(request: Request, call: Call, sent: JSON, status: int, answer: Any) -> None:
    def made() -> exchanges.Exchange:
        query, agent = request.query_params.multi_items(), request.headers.get("user-agent", "")
        return exchanges.Exchange(call.method, request.method, request.url.path, query, sent, status, answer, agent)

    exchanges.tell(made)


async def _watched(request: Request, call: Call, work: "Future[Any]") -> Any:
    """Wait for the handler, and set `left` if the caller disconnects before."""
    done = asyncio.wrap_future(work)
    leaving = asyncio.ensure_future(request.receive())  # after the body, the only further message is a disconnect
    try:
        await asyncio.wait({done, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            call.left.set()
        return await done
    finally:
        leaving.cancel()


def _json(body: Any, status: int, headers: Mapping[str, str]) -> Response:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status, dict(headers), "application/json; charset=UTF-8")


def _refusal(error: errors.ApiError, legacy: bool) -> Response:
    return _json(error.legacy() if legacy else error.modern(), error.http, {**error.headers, **_challenge(error)})


def _challenge(error: errors.ApiError) -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if error.http == 401 else {}
