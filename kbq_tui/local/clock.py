"""The real time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from kbq_tui.i18n.messages import message
from kbq_tui.local.os_errors import problem
from kbq_tui.model.codes import ProblemCode as Code

_ROOM = timedelta(days=366)
"""The least distance of the clock from the ends of the calendar, because deadlines and expirations are computed from
it."""


def check_clock() -> None:
    """Check that the clock's time can be used in computations.

    Raises:
        ProblemError: KBQ-CLOCK-UNUSABLE.
    """
    try:
        now = datetime.now(UTC)
        _ = now + _ROOM, now - _ROOM
    except (ValueError, OverflowError, OSError):  # before the year 1, after 9999, or close to that
        raise problem(Code.CLOCK_UNUSABLE, reason=message("{n} seconds since 1970", n=f"{time.time():.0f}")) from None


class SystemClock:
    """Implements `engine.ports.Clock` with this machine's clocks."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; only differences have a meaning."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> bool:
        """Wait for some seconds without blocking the event loop. Nothing cuts that short."""
        await asyncio.sleep(seconds)
        return False
