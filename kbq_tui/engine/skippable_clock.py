"""A clock whose waits the operator can cut short. Calls that have begun are not interrupted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from kbq_tui.engine.ports import Clock

JUMP = 1_000_000.0
"""Seconds by which the clock is put ahead to end all waits; longer than any wait."""


class SkippableClock:
    """Lets the operator control the engine's waits.

    The engine measures a wait by `monotonic()` and waits with `sleep()`. Cutting a sleep short makes it try again now;
    putting the clock ahead makes every wait reach its limit, so that the last refusal counts.

    Args:
        clock: the real clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0
        self._bell = asyncio.Event()

    def now(self) -> datetime:
        """Return the time of day."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back; skipped time counts as passed."""
        return self._clock.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> bool:
        """Sleep, but wake when the operator asks for it. Returns whether it was cut short."""
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
        """Stop waiting: changes that have not taken effect by now count as refused."""
        self._ahead += JUMP
        self.nudge()


def true_seconds(seconds: float) -> float:
    """Return a duration measured with a `SkippableClock`, without the seconds by which the clock was put ahead."""
    return seconds % JUMP
