"""The client that every part of the adapter uses: one principal, one session, one call runner."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from kbq_tui.gcp.endpoints import Endpoints
from kbq_tui.gcp.exceptions import HttpError, MalformedError
from kbq_tui.gcp.retry import Attempt, CallRunner
from kbq_tui.gcp.session import Session
from kbq_tui.model.problem import Context

T = TypeVar("T")
JSON = dict[str, Any]
_MAX_PAGES: Final = 200


class RestClient:
    """One principal's connection to Google.

    Args:
        session: sends requests in the principal's name.
        caller: makes calls off the event loop.
        endpoints: where the APIs are.
        acting_as: `operator` or `service-account`, for messages.
    """

    def __init__(self, session: Session, caller: CallRunner, endpoints: Endpoints, acting_as: str) -> None:
        self.session = session
        self.caller = caller
        self.endpoints = endpoints
        self.acting_as = acting_as
        self.operator = ""
        self.locations: dict[tuple[str, str], str] = {}  # of datasets that were read, by project and name

    def context(self, project: str = "", *, account: str = "", dataset: str = "", location: str = "") -> Context:
        """Return what is known of a call, to fill in the remedies of its failures."""
        location = location or self.locations.get((project, dataset), "")
        return Context(project, account, dataset, location, self.operator, self.acting_as)

    async def call(
        self,
        fn: Callable[[Attempt], T],
        *,
        method: str,
        context: Context,
        idempotent: bool = True,
        deadline: float | None = None,
    ) -> T:
        """Run a blocking function off the event loop; see `CallRunner.run`."""
        return await self.caller.run(fn, method=method, context=context, idempotent=idempotent, deadline=deadline)

    async def ask(
        self,
        verb: str,
        url: str,
        read: Callable[[JSON], T],
        *,
        method: str,
        context: Context,
        body: JSON | None = None,
    ) -> T:
        """Make one REST call, and parse its answer off the event loop, too: it can be long, or malformed.

        Args:
            verb, url, body: the request.
            read: parses the JSON object of the answer.
            method: the call's name for messages.
            context: what the call is about.
        """
        return await self.call(
            lambda attempt: read(self.send(verb, url, attempt.timeout, body)), method=method, context=context
        )

    async def page(
        self,
        base: str,
        query: Mapping[str, str | int],
        token: str,
        read: Callable[[JSON], T],
        *,
        method: str,
        context: Context,
    ) -> tuple[T, str]:
        """Read one page of a list; returns the parsed page, and the token of the next (empty at the end)."""
        asked = {**query, **({"pageToken": token} if token else {})}
        return await self.ask(
            "GET",
            url(base, "", asked),
            lambda answer: (read(answer), text(answer, "nextPageToken")),
            method=method,
            context=context,
        )

    async def pages(
        self,
        base: str,
        query: Mapping[str, str | int],
        read: Callable[[JSON], list[T]],
        *,
        limit: int,
        method: str,
        context: Context,
    ) -> list[T]:
        """Read a list page by page until its end, until there are `limit` items, or until a page token repeats."""
        found: list[T] = []
        token, seen = "", set[str]()
        while token not in seen and len(found) < limit and len(seen) < _MAX_PAGES:
            seen.add(token)
            some, token = await self.page(base, query, token, read, method=method, context=context)
            found += some
            if not token:
                break
        return found[:limit]

    def send(
        self, verb: str, url: str, timeout: float, body: JSON | None = None, headers: Mapping[str, str] | None = None
    ) -> JSON:
        """Make one REST request from a worker thread.

        Raises:
            HttpError: Google refuses.
            MalformedError: a successful answer is not a JSON object; an empty answer counts as one, except to a GET.
        """
        data = None if body is None else json.dumps(body).encode()
        sent = {"accept": "application/json", **(headers or {})}
        if data is not None:
            sent["content-type"] = "application/json"
        response = self.session.request(verb, url, data=data, headers=sent, timeout=timeout)
        if not 200 <= response.status_code < 300:
            raise HttpError(response.status_code, response.headers, response.content)
        if not response.content and verb != "GET":
            return {}
        return parse(response.content)


def parse(content: bytes) -> JSON:
    """Return the JSON object in an answer.

    Raises:
        MalformedError: it is something else.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise MalformedError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise MalformedError("the answer is not a JSON object")
    return answer


def url(base: str, path: str, query: Mapping[str, str | int] | Sequence[tuple[str, str]] | None = None) -> str:
    """Return base + path with a query string."""
    return f"{base}{path}" + (f"?{urlencode(query)}" if query else "")


def part(value: str) -> str:
    """Return a name as one segment of a path, escaped so that it stays one segment."""
    return quote(value, safe=":@") if value.strip(".") else quote(value, safe="").replace(".", "%2E")


def text(source: object, key: str) -> str:
    """Return a field as text; empty if it is missing or of another type."""
    value = source.get(key) if isinstance(source, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def items(source: object, key: str) -> list[JSON]:
    """Return a field that holds a list of objects; empty if it is missing.

    Raises:
        MalformedError: it has another type: treated as missing, it would look like an empty list.
    """
    value = source.get(key) if isinstance(source, dict) else None
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MalformedError(f"{key} is not a list of objects")
    return value
