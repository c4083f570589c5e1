"""How long ago something was, in the largest unit that fits."""

from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.model.age import ago

NOW = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3_599, "59 min ago"),
        (3_600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (400 * 86_400, "400 d ago"),
    ],
)
def test_the_largest_unit_counts(seconds: int, words: str) -> None:
    assert str(ago(NOW - timedelta(seconds=seconds), NOW)) == words
