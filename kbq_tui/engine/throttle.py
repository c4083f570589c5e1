"""Runs many calls, a limited number at a time, and stops once calls get no answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from kbq_tui.i18n.messages import Message, message_n
from kbq_tui.model.problem import Kind, Problem, ProblemError

MAX_CONCURRENCY = 12
"""The number of datasets, and of tables, that are tried at a time: Google allows a principal 100 calls a second.

Source: https://cloud.google.com/bigquery/quotas#api_request_quotas
"""


class Throttle:
    """Limits the number of calls at a time; after as many in a row got no answer, no more are made.

    Args:
        at_once: the number of calls.
    """

    def __init__(self, at_once: int = MAX_CONCURRENCY) -> None:
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)
        self._lost: list[Problem] = []

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn.

        Raises:
            ProblemError: no more calls are made; the reason is why the calls before got no answer.
        """
        async with self._slots:
            if len(self._lost) >= self._at_once:
                raise ProblemError(self._lost[0])
            yield

    def ended(self, problem: Problem | None) -> None:
        """Note how a call ended."""
        if problem is not None and problem.kind is Kind.NETWORK:
            self._lost.append(problem)
        else:
            self._lost.clear()


def reached(tables: int, datasets: int) -> Message:
    """Return how far a search came, in words."""
    return message_n("{tables} tables in {n} dataset", "{tables} tables in {n} datasets", datasets, tables=tables)
