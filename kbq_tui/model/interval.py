"""Durations as people type them: the interval of `--watch`, and the period of a report."""

import re
from datetime import timedelta
from typing import Final

from kbq_tui.i18n.messages import N_

LEAST, MOST = 5, 86_400
"""The least and the most seconds between two refreshes."""
REFUSED: Final = N_("It takes a time such as 30s, 5m or 1h, from 5 seconds to a day.")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600}


def interval_seconds(text: str) -> float | None:
    """Return an interval such as `30s`, `5m` or `1h` in seconds; a number alone is seconds. None for anything else."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not (number.isascii() and number.isdigit() and LEAST <= int(number[:9]) * _UNITS[unit] <= MOST):
        return None
    return float(int(number) * _UNITS[unit])


MOST_DAYS: Final = 180
"""How long BigQuery keeps jobs (https://cloud.google.com/bigquery/docs/information-schema-jobs)."""
NO_PERIOD: Final = N_("Give a time from 1h to 180d, such as 14d or 48h.")


def period(text: str) -> timedelta | None:
    """Return a period such as `14d` or `48h`; None for anything else, and below an hour or above 180 days."""
    match = re.fullmatch(r"([0-9]{1,5})([dh])", text.strip())
    if match is None:
        return None
    found = timedelta(days=int(match[1])) if match[2] == "d" else timedelta(hours=int(match[1]))
    return found if timedelta(hours=1) <= found <= timedelta(days=MOST_DAYS) else None
