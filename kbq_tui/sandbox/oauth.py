"""The OAuth endpoints: tokens for keys, and information about a token."""

from typing import Any

from starlette.routing import Route

from kbq_tui.sandbox.auth import GrantError, IssuedToken
from kbq_tui.sandbox.context import Call, SandboxContext
from kbq_tui.sandbox.rest import Reply, route
from kbq_tui.sandbox.shapes import TEXT, shaped

JSON = dict[str, Any]


def token(call: Call) -> JSON | Reply:
    """The JWT bearer grant."""
    try:
        answer = call.ctx.auth.grant(call.body)
    except GrantError as refusal:
        return Reply(refusal.body, 400)
    found = call.ctx.auth.describe(answer.get("access_token", ""))
    if found:
        call.principal = found.principal
    return answer


def _given(call: Call) -> IssuedToken | None:
    bearer = call.headers.get("authorization", "").partition(" ")[2]
    given = bearer or call.query.get("access_token", "") or call.body.get("access_token", "")
    return call.ctx.auth.describe(given)


def tokeninfo(call: Call) -> JSON | Reply:
    """`oauth2.tokeninfo`: whom a token was issued for, its scopes, and the seconds until it expires."""
    found = _given(call)
    if found is None:
        return Reply({"error": "invalid_token", "error_description": "Invalid Value"}, 400)
    return {
        "azp": found.unique_id,
        "aud": found.unique_id,
        "scope": " ".join(sorted(found.principal.scopes)),
        "expires_in": str(int(found.expires - call.world.clock())),
        "email": found.principal.email,
        "email_verified": "true",
        "access_type": "online",
    }


def userinfo(call: Call) -> JSON | Reply:
    """`oauth2.userinfo`: whom a token was issued for."""
    found = _given(call)
    if found is None:
        return Reply({"error": "invalid_request", "error_description": "Invalid Credentials"}, 401)
    return {"sub": found.unique_id, "id": found.unique_id, "email": found.principal.email, "email_verified": True}


def routes(ctx: SandboxContext) -> list[Route]:
    """The OAuth endpoints' routes."""
    found = [route(ctx, "POST", "/token", "oauth2.token", shaped(token, {"*": TEXT}), open_to_all=True)]
    for path in ("/tokeninfo", "/oauth2/v3/tokeninfo"):
        for verb in ("GET", "POST"):
            found.append(route(ctx, verb, path, "oauth2.tokeninfo", tokeninfo, open_to_all=True))
    for path in ("/userinfo", "/oauth2/v1/userinfo", "/oauth2/v3/userinfo"):
        found.append(route(ctx, "GET", path, "oauth2.userinfo", userinfo, open_to_all=True))
    return found
