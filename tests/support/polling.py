"""Waiting for a condition. No test depends on how fast the machine is: what is waited for comes, or never does."""

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
        condition: asked again and again.
        describe: what to say when it never holds; asked only then.
        seconds: how long to wait at the most.
        pause: seconds between two questions.

    Raises:
        AssertionError: when the condition did not hold in that time.
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
    """Wait until a condition holds, and let the event loop go on meanwhile.

    Args:
        condition, describe, seconds: as for `wait_until`.
        turn: awaited between two questions.

    Raises:
        AssertionError: when the condition did not hold in that time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, describe()
        await turn()
