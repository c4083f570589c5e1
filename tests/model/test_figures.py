"""Bars and sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.model.figures import bars, size


def test_nothing_is_no_low_bar_and_the_largest_is_the_highest() -> None:
    assert bars([0, 1, 4, 8]) == "–▁▄█"
    assert bars([0, 1, 4, 8], ascii_=True) == "-.+#"
    assert bars([0, 0]) == "––"
    assert bars([]) == ""


@given(st.lists(st.integers(0, 10**12), max_size=40), st.booleans())
def test_bars_are_one_sign_each_and_in_the_order_of_the_numbers(values: list[int], ascii_: bool) -> None:
    drawn = bars(values, ascii_=ascii_)
    assert len(drawn) == len(values)
    assert drawn.isascii() or not ascii_
    rank = {sign: n for n, sign in enumerate("-.:=+*&%#" if ascii_ else "–▁▂▃▄▅▆▇█")}
    pairs = sorted(zip(values, drawn, strict=True))
    assert [rank[sign] for _, sign in pairs] == sorted(rank[sign] for sign in drawn)
    assert all((value == 0) == (rank[sign] == 0) for value, sign in pairs)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10_485_760, "10 MiB"),
        (15 << 30, "15 GiB"),
        (3 << 39, "1.5 TiB"),
        (2**60, "1024 PiB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert str(size(count)) == text
