"""A clock whose waits the operator may cut short. Calls that have begun are not cut off by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from kbq_tui.engine.ports import Clock

JUMP = 1_000_000.0
"""Seconds by which the clock is put ahead to end all waits; longer than any wait."""


class SkippableClock:
    """The engine's waits, in the operator's hands.

    The engine measures a wait by `monotonic()` and passes the time by `sleep()`. Cutting a sleep short makes it try
    again now; putting the clock ahead makes every wait run into its limit, so that the last refusal stands.

    Args:
        clock: the true clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._bell = asyncio.Event()

    def now(self) -> datetime:
        """Return the time of day."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; what was skipped counts as gone by."""
        return self._clock.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> bool:
        """Sleep, but wake when the operator says so. Returns whether that cut it short."""
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        bell = asyncio.ensure_future(self._bell.wait())
        try:
            done, _ = await asyncio.wait((nap, bell), return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
            bell.cancel()
        return bell in done

    def nudge(self) -> None:
        """Try again now, whatever is waited for."""
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()

    def give_up(self) -> None:
        """Stop waiting: what has not arrived by now counts as refused."""
        self._ahead += JUMP
        self.nudge()


def true_seconds(seconds: float) -> float:
    """Return a duration measured by a `SkippableClock`, without what the clock was put ahead meanwhile."""
    return seconds % JUMP
