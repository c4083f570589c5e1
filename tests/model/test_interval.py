"""The interval between two readings, as people write it."""

import pytest

from kbq_tui.model.interval import interval_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h", 3600), ("24h", 86_400), ("45", 45), ("5", 5)],
)
def test_a_time_is_understood(text: str, seconds: float) -> None:
    assert interval_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "4s", "25h", "-5m", "1.5h", "30 s", "٣٠s", "1d", "9" * 40])
def test_anything_else_is_refused(text: str) -> None:
    assert interval_seconds(text) is None
