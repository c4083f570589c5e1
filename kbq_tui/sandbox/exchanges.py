"""Each exchange as it passes, for tests that hold it against what Google publishes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """A request that a handler has judged, and the answer that it gave. What a fault plan makes of it is left out.

    Args:
        method: its name in the log, e.g. ``iam.serviceAccounts.get``.
        verb: HTTP method, or ``gRPC``.
        path: below the sandbox's address; the name of the RPC over gRPC.
        query: of the URL.
        body: the JSON sent, or that of the message.
        status: HTTP status of the answer.
        answer: its JSON; None for none.
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
"""Who is told of every exchange of every sandbox in this process; empty outside of tests."""


def tell(exchange: Callable[[], Exchange]) -> None:
    """Tell the watchers; nothing is built where there is none."""
    if WATCHERS:
        passed = exchange()
        for watcher in WATCHERS:
            watcher(passed)
