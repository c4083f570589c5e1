"""Service accounts and their keys: read over REST, changed with google-cloud-iam, which supports only gRPC.

Commands that only read are a third cheaper this way: grpc and the client take 26 MiB, and are imported by the first
change.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kbq_tui.diagnosis import catalogue
from kbq_tui.gcp.errors import fault_of
from kbq_tui.gcp.exceptions import HttpError, MalformedError
from kbq_tui.gcp.key_use import parsed_time
from kbq_tui.gcp.rest_client import JSON, RestClient, items, part, text, url
from kbq_tui.gcp.retry import Attempt, CallFailedError, import_whole
from kbq_tui.gcp.session import UntrustedAddressError
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import MAX_KEYS, AccountInfo, KeyInfo
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.model.secret import Secret

if TYPE_CHECKING:
    from google.cloud.iam_admin_v1 import IAMClient

T = TypeVar("T")
_PRECONDITION: Final = "Precondition check failed."
"""Google's only text if an account has ten keys. Source: googleapis/google-api-dotnet-client#2027"""
_FOREVER: Final = 9999
"""The year of expiration of keys without one. Source: https://cloud.google.com/iam/docs/keys-create-delete"""


class Accounts:
    """Service accounts of any project, as one principal sees them.

    Args:
        wire: the principal's connection.
    """

    def __init__(self, wire: RestClient) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._iam: IAMClient | None = None
        self._channel: Any = None

    async def get(self, project: str, email: str) -> AccountInfo | None:
        """Return an account, or None if Google says that it does not exist."""

        def read(attempt: Attempt) -> AccountInfo | None:
            try:
                found = self._wire.send("GET", self._url(project, email), attempt.timeout)
            except HttpError as error:
                # A project that does not exist is "not found", too, which says nothing about the account.
                fault = fault_of(error, "")
                if fault is not None and fault.http == 404 and "service account" in fault.message.lower():
                    return None
                raise
            if not text(found, "email"):
                raise MalformedError("an account without an address")
            return AccountInfo(
                text(found, "email"), text(found, "uniqueId"), found.get("disabled") is True, text(found, "displayName")
            )

        context = self._wire.context(project, account=email)
        return await self._wire.call(read, method="iam.serviceAccounts.get", context=context)

    async def create(self, project: str, account_id: str, display_name: str) -> bool:
        """Create an account; False if it existed."""

        def create(iam: "IAMClient", attempt: Attempt) -> bool:
            request = {
                "name": f"projects/{project}",
                "account_id": account_id,
                "service_account": {"display_name": display_name},
            }
            try:
                iam.create_service_account(request=request, **_once(attempt))
            except Exception as error:
                if _status(error) == "ALREADY_EXISTS":
                    return attempt.unsure
                raise
            return True

        context = self._wire.context(project, account=account_id)
        return await self._rpc(create, "iam.serviceAccounts.create", context)

    async def delete(self, project: str, email: str) -> bool:
        """Delete an account; False if it did not exist."""

        def delete(iam: "IAMClient", attempt: Attempt) -> bool:
            return _gone_is_fine(
                attempt, lambda: iam.delete_service_account(request={"name": _name(project, email)}, **_once(attempt))
            )

        context = self._wire.context(project, account=email)
        return await self._rpc(delete, "iam.serviceAccounts.delete", context)

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        """Return the user-managed keys, oldest first."""
        return await self._wire.ask(
            "GET",
            url(self._url(project, email), "/keys", {"keyTypes": "USER_MANAGED"}),
            lambda answer: tuple(sorted(map(_key, items(answer, "keys")), key=lambda key: key.created)),
            method="iam.serviceAccountKeys.list",
            context=self._wire.context(project, account=email),
        )

    async def create_key(self, project: str, email: str) -> Secret:
        """Create a key and return its JSON. Google shows it only once, so this is never repeated automatically."""

        def create(iam: "IAMClient", attempt: Attempt) -> Secret:
            request = {"name": _name(project, email), "private_key_type": "TYPE_GOOGLE_CREDENTIALS_FILE"}
            key = Secret(iam.create_service_account_key(request=request, **_once(attempt)).private_key_data)
            if not key:
                raise MalformedError("a key without its private part")
            return key

        context = self._wire.context(project, account=email)
        try:
            return await self._rpc(create, "iam.serviceAccountKeys.create", context, idempotent=False)
        except CallFailedError as error:
            if _PRECONDITION in str(error.problem.original) and await self._is_full(project, email):
                problem = catalogue.problem(Code.TOO_MANY_KEYS, context, original=error.problem.original)
                raise ProblemError(problem) from None
            if not error.unsure:
                raise
            problem = catalogue.problem(Code.KEY_OUTCOME_UNKNOWN, context, original=error.problem.original)
            raise ProblemError(problem) from None

    async def _is_full(self, project: str, email: str) -> bool:
        """Return whether the account has as many keys as it may have; also if they may not be listed."""
        try:
            return len(await self.keys(project, email)) >= MAX_KEYS
        except ProblemError:
            return True

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        """Delete a key; False if it did not exist."""

        def delete(iam: "IAMClient", attempt: Attempt) -> bool:
            name = f"{_name(project, email)}/keys/{key_id}"
            return _gone_is_fine(
                attempt, lambda: iam.delete_service_account_key(request={"name": name}, **_once(attempt))
            )

        context = self._wire.context(project, account=email)
        return await self._rpc(delete, "iam.serviceAccountKeys.delete", context)

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        """Enable or disable a key (`serviceAccounts.keys.enable`, `.disable`); both can be repeated."""

        def switch(iam: "IAMClient", attempt: Attempt) -> None:
            request = {"name": f"{_name(project, email)}/keys/{key_id}"}
            if on:
                iam.enable_service_account_key(request=request, **_once(attempt))
            else:
                iam.disable_service_account_key(request=request, **_once(attempt))

        method = "iam.serviceAccountKeys.enable" if on else "iam.serviceAccountKeys.disable"
        await self._rpc(switch, method, self._wire.context(project, account=email))

    def close(self) -> None:
        """Close the connection, and the calls that still wait for it."""
        with self._lock:
            channel, self._channel, self._iam = self._channel, None, None
        if channel is not None:
            channel.close()

    def _url(self, project: str, email: str) -> str:
        return url(self._wire.endpoints.iam, f"/v1/projects/{part(project)}/serviceAccounts/{part(email)}")

    async def _rpc(
        self, fn: Callable[["IAMClient", Attempt], T], method: str, context: Context, *, idempotent: bool = True
    ) -> T:
        def call(attempt: Attempt) -> T:
            session = self._wire.session
            attempt.unsent = True
            # gRPC would fetch the token itself, but hide Google's reason if that fails; and REST already has one.
            sent = session.token.headers(session, attempt.timeout)
            attempt.asked = False
            iam = self._client()
            attempt.unsent, attempt.asked = False, True
            try:
                return fn(iam, attempt)
            except Exception as error:
                if _status(error) != "UNAUTHENTICATED":
                    raise
            session.token.headers(session, attempt.timeout, stale=sent["authorization"].removeprefix("Bearer "))
            return fn(iam, attempt)

        return await self._wire.call(call, method=method, context=context, idempotent=idempotent)

    def _client(self) -> "IAMClient":
        with self._lock:
            if self._iam is None:
                import_whole("google.cloud.iam_admin_v1")
                import grpc
                from google.cloud.iam_admin_v1 import IAMClient
                from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport
                from google.cloud.iam_admin_v1.services.iam.transports import grpc as transport

                # At level DEBUG this logger gives whole answers to the log's handlers, including private keys.
                logging.getLogger(transport.__name__).setLevel(logging.INFO)
                endpoints = self._wire.endpoints
                own = endpoints.iam_grpc_is_local
                # https://grpc.io/docs/languages/python/: local credentials refuse any address except this machine's.
                base = grpc.local_channel_credentials() if own else grpc.ssl_channel_credentials()
                credentials = grpc.composite_channel_credentials(base, grpc.metadata_call_credentials(self._sign))
                options = [("grpc.enable_http_proxy", 0)] if own else []
                self._channel = grpc.secure_channel(endpoints.iam_grpc, credentials, options)
                self._iam = IAMClient(transport=IAMGrpcTransport(channel=self._channel))
            return self._iam

    def _sign(self, call: Any, callback: Callable[[Any, Any], None]) -> None:
        session = self._wire.session
        try:
            if not self._wire.endpoints.allows_grpc(call.service_url):
                raise UntrustedAddressError(call.service_url)
            headers = session.token.headers(session, self._wire.caller.timeout)
        except Exception as error:  # noqa: BLE001  gRPC's thread: it takes the error and ends the call with it
            callback((), error)
        else:
            callback(tuple(headers.items()), None)


def _name(project: str, email: str) -> str:
    return f"projects/{project}/serviceAccounts/{email}"


def _once(attempt: Attempt) -> dict[str, Any]:
    """Return the options that leave retries to us."""
    return {"retry": None, "timeout": attempt.timeout}


def _gone_is_fine(attempt: Attempt, delete: Callable[[], object]) -> bool:
    try:
        delete()
    except Exception as error:
        if _status(error) == "NOT_FOUND":
            return attempt.unsure
        raise
    return True


def _status(error: Exception) -> str:
    return getattr(getattr(error, "grpc_status_code", None), "name", "")


def _key(key: JSON) -> KeyInfo:
    ends = text(key, "validBeforeTime")
    expires = parsed_time(ends) if ends else None
    return KeyInfo(
        id=text(key, "name").rpartition("/")[2],
        created=parsed_time(text(key, "validAfterTime")),
        expires=None if expires is None or expires.year >= _FOREVER else expires,
        disabled=key.get("disabled") is True,
    )
