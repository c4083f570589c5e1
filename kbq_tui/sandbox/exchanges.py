"""Requests and answers as they pass, for tests that compare them with what Google publishes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """A request that reached a handler, and the handler's answer, before any fault is applied.

    Args:
        method: its name in the log, e.g. ``iam.serviceAccounts.get``.
        verb: HTTP method, or ``gRPC``.
        path: the path at the sandbox's address; over gRPC, the name of the RPC.
        query: the URL's parameters.
        body: the request's JSON, or its message as JSON.
        status: HTTP status of the answer.
        answer: its JSON; None if it has none.
        agent: the caller's User-Agent.
    """

    method: str
    verb: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    status: int
    answer: Any
    agent: str = ""


WATCHERS: list[Callable[[Exchange], None]] = []
"""Functions that are called with every exchange of every sandbox in this process; empty outside of tests."""


def tell(exchange: Callable[[], Exchange]) -> None:
    """Pass an exchange to the watchers; it is built only if there are any."""
    if WATCHERS:
        passed = exchange()
        for watcher in WATCHERS:
            watcher(passed)
