"""Admits requests of programs on this machine, and refuses those that a browser sends for web pages.

The sandbox listens on loopback, where every page in a browser on this machine can send requests to it: cross-site, or
from its own address after its name is made to point to 127.0.0.1 (DNS rebinding). Cross-site requests have an
``Origin``, the others a ``Host`` that is not a loopback name. gcloud, bq and Google's client libraries send neither.
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
    """Refuses requests that a browser sends for a page, whatever the page's origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name == b"origin" for name, _ in scope.get("headers", ())):
            refusal = errors.from_http(403, "The sandbox does not answer web pages: this request has an Origin.")
            await JSONResponse(refusal.modern(), 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def middleware() -> list[Middleware]:
    """The checks that every request passes before it is routed."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False),
        Middleware(_NoOrigin),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def with_token(token: str, endpoint: Endpoint) -> Endpoint:
    """Wrap an endpoint so that it requires the sandbox's own bearer token.

    Args:
        token: ``KBQ_TUI_SANDBOX_TOKEN`` of the env file.
        endpoint: the endpoint.
    """

    async def guarded(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), token.encode()):
            text = "/_sandbox/ needs KBQ_TUI_SANDBOX_TOKEN of the env file as a bearer token."
            return JSONResponse({"error": text}, 401, {"WWW-Authenticate": "Bearer"})
        return await endpoint(request)

    return guarded
