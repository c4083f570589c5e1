"""The world's clock."""

import time

CLOCK_SKEW_LIMIT = 10 * 365 * 86_400.0
"""The most seconds by which the clock may differ from the real time; beyond it, times would be no valid dates."""


class SkewedClock:
    """The time of day plus an offset in seconds: the scenario's skew, and what tests have advanced it by."""

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew

    def __call__(self) -> float:
        return time.time() + self.skew

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by so many seconds."""
        self.skew += seconds
