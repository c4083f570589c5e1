"""Waits for a condition. No test depends on the speed of the machine: the condition comes, or never does."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 180.0
"""Seconds until something counts as never coming; far more than the busiest machine needs."""


def wait_until(
    condition: Callable[[], object],
    describe: Callable[[], object] = lambda: "it did not happen",
    seconds: float = PATIENCE,
    pause: float = 0.01,
) -> None:
    """Wait until a condition holds.

    Args:
        condition: called repeatedly.
        describe: returns the message if it never holds; called only then.
        seconds: the most seconds to wait.
        pause: seconds between two calls.

    Raises:
        AssertionError: the condition did not hold in that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(pause)


async def until(
    condition: Callable[[], object],
    describe: Callable[[], object] = lambda: "it did not happen",
    seconds: float = PATIENCE,
    turn: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0.01),
) -> None:
    """Wait until a condition holds, and let the event loop run meanwhile.

    Args:
        condition, describe, seconds: as for `wait_until`.
        turn: awaited between two calls.

    Raises:
        AssertionError: the condition did not hold in that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, describe()
        await turn()
