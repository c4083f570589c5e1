"""Authentication: the token endpoint, access tokens, self-signed JWTs, impersonation.

OAuth 2.0 for server-to-server use, https://developers.google.com/identity/protocols/oauth2/service-account.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.keys import KeyMaker
from kbq_tui.sandbox.resources import Account, Principal
from kbq_tui.sandbox.world import World

JSON = dict[str, Any]
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/"
LEEWAY = 300.0  # seconds of clock difference that Google's endpoint tolerates
MAX_LIFE = 3600.0

# Scopes that give access to an API, besides cloud-platform.
SCOPES: Mapping[str, frozenset[str]] = {
    "bigquery": frozenset({SCOPE + "bigquery", SCOPE + "bigquery.readonly"}),
    "bigquerystorage": frozenset({SCOPE + "bigquery", SCOPE + "bigquery.readonly"}),
    "cloudresourcemanager": frozenset({SCOPE + "cloudplatformprojects", SCOPE + "cloudplatformprojects.readonly"}),
    "serviceusage": frozenset({SCOPE + "service.management", SCOPE + "service.management.readonly"}),
    "iam": frozenset({SCOPE + "iam"}),
    "iamcredentials": frozenset({SCOPE + "iam"}),
    "cloudbilling": frozenset({SCOPE + "cloud-billing", SCOPE + "cloud-billing.readonly"}),
    "logging": frozenset({SCOPE + "logging.read", SCOPE + "logging.admin"}),
    "monitoring": frozenset({SCOPE + "monitoring", SCOPE + "monitoring.read"}),
}
EVERYTHING = frozenset({SCOPE + "cloud-platform"})
READ_ONLY = frozenset({SCOPE + "cloud-platform.read-only"})


class GrantError(Exception):
    """A refusal of the token endpoint: ``{"error", "error_description"}`` with HTTP 400."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class IssuedToken:
    """An access token that was issued."""

    principal: Principal
    unique_id: str
    expires: float


class Auth:
    """Issues and checks credentials.

    Args:
        world: accounts and keys are looked up here.
        lifetime: seconds that an access token is valid.
        keys: where the endpoint's own signing key comes from.
    """

    def __init__(self, world: World, lifetime: float = MAX_LIFE, keys: KeyMaker | None = None) -> None:
        self.world = world
        self._keys = keys or KeyMaker()
        self.lifetime = lifetime
        self.url = ""
        self._signer: rsa.RSAPrivateKey | None = None
        self._tokens: dict[str, IssuedToken] = {}

    # -- issuing

    def grant(self, form: Mapping[str, str]) -> JSON:
        """Answer a request to the token endpoint.

        Args:
            form: the posted fields, ``grant_type`` and ``assertion``.

        Returns:
            The answer's JSON, ``{"access_token", "expires_in", "token_type"}``, or ``{"id_token"}`` where the assertion
            names a ``target_audience``.

        Raises:
            GrantError: with the text of Google's endpoint.
        """
        if form.get("grant_type") != GRANT:
            raise GrantError("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        assertion = form.get("assertion", "")
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
            header = jwt.get_unverified_header(assertion)
        except jwt.PyJWTError:
            raise GrantError("invalid_grant", "Invalid JWT: Failed to parse the JWT.") from None
        account = self.world.account(str(claims.get("iss", "")))
        if account is None:
            raise GrantError("invalid_grant", "Invalid grant: account not found")
        key_id = self._signed_by(assertion, header, account)
        if not key_id:
            raise GrantError("invalid_grant", "Invalid JWT Signature.")
        if account.disabled:
            raise GrantError("invalid_grant", "Robot is disabled.")
        if not self._timely(claims):
            text = "Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            raise GrantError("invalid_grant", f"Invalid JWT: {text} Check your iat and exp values in the JWT claim.")
        if claims.get("aud") not in (f"{self.url}/token", "https://oauth2.googleapis.com/token"):
            raise GrantError(
                "invalid_grant",
                "Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token",
            )
        if claims.get("target_audience"):
            return {"id_token": self._id_token(account, str(claims["target_audience"]))}
        scopes = str(claims.get("scope", "")).split()
        if not scopes:
            raise GrantError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = self.issue(account, scopes, self.lifetime, key_id)
        return {"access_token": token, "expires_in": int(self.lifetime), "token_type": "Bearer"}

    def _id_token(self, account: Account, audience: str) -> str:
        """Issue an OpenID Connect token, which gcloud asks for first. Nothing here checks it."""
        now = int(self.world.clock())
        claims = {"aud": audience, "azp": account.email, "email": account.email, "email_verified": True}
        claims |= {"iss": "https://accounts.google.com", "sub": account.unique_id, "iat": now, "exp": now + 3600}
        if self._signer is None:
            self._signer = self._keys.pair()
        return jwt.encode(claims, self._signer, "RS256", headers={"kid": "sandbox"})

    def issue(self, account: Account, scopes: list[str], lifetime: float, key_id: str = "") -> str:
        """Issue an opaque access token, for which this key has signed."""
        token = "ya29.c." + secrets.token_urlsafe(48)
        principal = Principal(account.member, account.email, account.project_id, frozenset(scopes), key_id)
        self._tokens[token] = IssuedToken(principal, account.unique_id, self.world.clock() + lifetime)
        return token

    def describe(self, token: str) -> IssuedToken | None:
        """Describe a token that is still valid, for tokeninfo and userinfo."""
        found = self._tokens.get(token)
        return found if found and found.expires > self.world.clock() else None

    # -- checking

    def authenticate(self, headers: Mapping[str, str], service: str) -> Principal:
        """Find out who sends these headers.

        Args:
            headers: lower-case names; only ``authorization`` is read.
            service: the first part of the method's name; the token's scopes must cover it.

        Raises:
            ApiError: 401 UNAUTHENTICATED; 403 where the token's scopes do not cover the service.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthenticated("missing required", "CREDENTIALS_MISSING", service)
        if token.count(".") == 2 and not token.startswith("ya29."):
            return self._self_signed(token, service)
        found = self._tokens.get(token)
        if found is None or found.expires <= self.world.clock():
            raise _unauthenticated(
                "invalid", "ACCESS_TOKEN_EXPIRED" if found else "ACCESS_TOKEN_TYPE_UNSUPPORTED", service
            )
        account = self.world.account(found.principal.email)
        if account is None or account.unique_id != found.unique_id or account.disabled:
            raise _unauthenticated("invalid", "ACCOUNT_STATE_INVALID", service)
        self._check_scopes(found.principal.scopes, service)
        return found.principal

    def _self_signed(self, token: str, service: str) -> Principal:
        """A JWT in place of an access token (https://google.aip.dev/auth/4111)."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise _unauthenticated("invalid", "ACCESS_TOKEN_TYPE_UNSUPPORTED", service) from None
        account = self.world.account(str(claims.get("iss", "")))
        key_id = self._signed_by(token, header, account) if account else ""
        if account is None or claims.get("sub") != claims.get("iss") or not key_id:
            raise _unauthenticated("invalid", "ACCESS_TOKEN_TYPE_UNSUPPORTED", service)
        if account.disabled:
            raise _unauthenticated("invalid", "ACCOUNT_STATE_INVALID", service)
        if not self._timely(claims):
            raise _unauthenticated("invalid", "ACCESS_TOKEN_EXPIRED", service)
        scopes = frozenset(str(claims.get("scope", "")).split())
        audience = str(claims.get("aud", "")).rstrip("/")
        ours = (f"https://{service}.googleapis.com", self.url)
        if scopes:
            self._check_scopes(scopes, service)
        elif not any(audience == host or audience.startswith(host + "/") for host in ours if host):
            raise _unauthenticated("invalid", "ACCESS_TOKEN_TYPE_UNSUPPORTED", service)
        return Principal(account.member, account.email, account.project_id, scopes, key_id)

    def _signed_by(self, token: str, header: Mapping[str, Any], account: Account) -> str:
        """The id of the account's usable key that signed the token (only the one in ``kid`` is tried, if given), or
        ""."""
        now = self.world.clock()
        kid = header.get("kid")
        for key in account.keys.values():
            if (kid and key.id != kid) or key.disabled or key.expires <= now or not self.world.ready("key", key.id):
                continue
            try:
                jwt.decode(
                    token,
                    key.public_pem,
                    algorithms=["RS256"],
                    options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
                )
            except jwt.PyJWTError:
                continue
            return key.id
        return ""

    def _timely(self, claims: Mapping[str, Any]) -> bool:
        try:
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (KeyError, TypeError, ValueError):
            return False
        now = self.world.clock()
        return issued <= now + LEEWAY and now <= expires + LEEWAY and 0 < expires - issued <= MAX_LIFE + LEEWAY

    @staticmethod
    def _check_scopes(scopes: frozenset[str], service: str) -> None:
        if scopes & (EVERYTHING | READ_ONLY | SCOPES.get(service, frozenset())):
            return
        text = "Request had insufficient authentication scopes."
        info = errors.error_info(
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", service=f"{service}.googleapis.com"
        )
        raise errors.ApiError(403, "PERMISSION_DENIED", text, "insufficientPermissions", details=[info])


def _unauthenticated(what: str, reason: str, service: str) -> errors.ApiError:
    credential = "authentication credential" if what.startswith("missing") else "authentication credentials"
    verb = "is" if what.startswith("missing") else "had"
    text = (
        f"Request {verb} {what} {credential}. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    info = errors.error_info(reason, "googleapis.com", service=f"{service}.googleapis.com")
    return errors.ApiError(401, "UNAUTHENTICATED", text, "authError", details=[info], location="Authorization")
