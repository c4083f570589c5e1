"""The real time."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """`engine.ports.Clock` on this machine's clocks."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; only differences mean something."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
