"""The time between two looks, as people write it."""

from typing import Final

from kbq_tui.i18n.messages import N_

LEAST, MOST = 5, 86_400
"""Seconds between two looks, at least and at most."""
REFUSED: Final = N_("It takes a time such as 30s, 5m or 1h, from 5 seconds to a day.")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600}


def interval_seconds(text: str) -> float | None:
    """Return a time such as `30s`, `5m` or `1h` in seconds; a number alone is seconds. None for anything else."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not (number.isascii() and number.isdigit() and LEAST <= int(number[:9]) * _UNITS[unit] <= MOST):
        return None
    return float(int(number) * _UNITS[unit])
