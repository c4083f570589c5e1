"""The world's own time of day."""

import time

CLOCK_SKEW_LIMIT = 10 * 365 * 86_400.0
"""Seconds by which the clock may be off; beyond, times are no dates."""


class SkewedClock:
    """The time of day, moved by so many seconds: skew from a scenario, leaps from a test."""

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew

    def __call__(self) -> float:
        return time.time() + self.skew

    def advance(self, seconds: float) -> None:
        """Leap ahead."""
        self.skew += seconds
