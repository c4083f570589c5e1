"""The real time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from kbq_tui.i18n.messages import message
from kbq_tui.local.os_errors import problem
from kbq_tui.model.codes import ProblemCode as Code

_ROOM = timedelta(days=366)
"""How far from the ends of the calendar a clock must be: deadlines and the ends of tokens are reckoned from it."""


def check_clock() -> None:
    """Make sure that the clock tells a time that can be reckoned with.

    Raises:
        ProblemError: KBQ-CLOCK-UNUSABLE.
    """
    try:
        now = datetime.now(UTC)
        _ = now + _ROOM, now - _ROOM
    except (ValueError, OverflowError, OSError):  # before the year 1, after 9999, or near to it
        raise problem(Code.CLOCK_UNUSABLE, reason=message("{n} seconds since 1970", n=f"{time.time():.0f}")) from None


class SystemClock:
    """`engine.ports.Clock` on this machine's clocks."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; only differences mean something."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> bool:
        """Wait for some seconds without blocking the event loop. Nothing cuts that short."""
        await asyncio.sleep(seconds)
        return False
