"""Makes many calls, a limited number at a time, and stops once calls get no answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from kbq_tui.i18n.messages import Message, message_n
from kbq_tui.model.problem import Kind, Problem, ProblemError

MAX_CONCURRENCY = 12
"""How many datasets, and how many tables, are tried at a time: Google allows a principal 100 calls a second.

Source: https://cloud.google.com/bigquery/quotas#api_request_quotas
"""


class Throttle:
    """So many calls at a time; and once as many in a row were lost on the way, no more of them.

    Args:
        at_once: how many.
    """

    def __init__(self, at_once: int = MAX_CONCURRENCY) -> None:
        self._at_once = at_once
        self._slots = asyncio.Semaphore(at_once)
        self._lost: list[Problem] = []

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn.

        Raises:
            ProblemError: there is none any more; why the calls before were lost.
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
