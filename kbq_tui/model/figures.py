"""Numbers in little space: bar charts of one line, and sizes in bytes."""

from collections.abc import Sequence
from typing import Final

from kbq_tui.i18n.messages import Message

_BARS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = ".:=+*&%#"
_NOTHING: Final = ("–", "-")
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def bars(values: Sequence[int], *, ascii_: bool = False) -> str:
    """Return one character for each number, higher for a larger number; zero has a separate character.

    Args:
        values: not negative.
        ascii_: use ASCII characters only.
    """
    levels, most = _ASCII if ascii_ else _BARS, max(values, default=0)
    return "".join(
        levels[(value * len(levels) - 1) // most if most else 0] if value else _NOTHING[ascii_] for value in values
    )


def size(count: int) -> Message:
    """Return a number of bytes in the largest unit that fits: `1.2 GiB`, `15 MiB`."""
    number, unit = float(count), 0
    while number >= 1024 and unit < len(_UNITS) - 1:
        number, unit = number / 1024, unit + 1
    form = "{n:.1f} {unit}" if unit and number < 10 else "{n:.0f} {unit}"
    return Message(form, {"n": number, "unit": _UNITS[unit]})
