"""Which requests are looked at at all: those of programs on this machine, not those of web pages.

The sandbox listens on loopback, where every page in a browser of this machine can send requests to it: across sites, or
from its own address once its name points to 127.0.0.1 (DNS rebinding). The first carry an ``Origin``, the second a
``Host`` that is no name of loopback. gcloud, bq and Google's client libraries send neither.
"""

import secrets
from collections.abc import Awaitable, Callable

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kbq_tui.sandbox import errors

HOSTS = ("127.0.0.1", "localhost")


class _NoOrigin:
    """Refuses what a browser sends for a page, whatever the page's origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name == b"origin" for name, _ in scope.get("headers", ())):
            refusal = errors.from_http(403, "The sandbox answers no requests of web pages: this one has an Origin.")
            await JSONResponse(refusal.modern(), 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def middleware() -> list[Middleware]:
    """What every request passes before it is looked at."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False),
        Middleware(_NoOrigin),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def with_token(token: str, endpoint: Endpoint) -> Endpoint:
    """An endpoint that wants the sandbox's own token as a bearer.

    Args:
        token: what ``KBQ_TUI_SANDBOX_TOKEN`` of the env file holds.
        endpoint: what is guarded.
    """

    async def guarded(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
            text = "/_sandbox/ needs KBQ_TUI_SANDBOX_TOKEN of the env file as a bearer token."
            return JSONResponse({"error": text}, 401, {"WWW-Authenticate": "Bearer"})
        return await endpoint(request)

    return guarded
