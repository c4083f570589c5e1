"""What was known before Google became unreachable."""

from dataclasses import replace
from datetime import datetime

from kbq_tui.engine.health import cause_lines
from kbq_tui.engine.status import Status

LOOK_EVERY = 60
"""Seconds between two looks of `status --watch`."""


class LastKnown:
    """The last complete status of each connection, in memory; it is shown while later looks get no answer."""

    def __init__(self) -> None:
        self._good: dict[str, Status] = {}
        self._since: dict[str, datetime] = {}

    def take(self, seen: Status) -> Status:
        """Return the status to show: the look itself, or in an outage the one before, with the outage's reason.

        Args:
            seen: the latest look, of any connection.
        """
        name = seen.spec.name
        if seen.outage is None:
            self._good[name] = seen
            self._since.pop(name, None)
            return seen
        good = self._good.get(name)
        if good is None or good.spec != seen.spec:
            return seen
        since = self._since.setdefault(name, seen.at)
        lines = (*cause_lines(seen.causes, ()), *(line for line in good.lines if line.id != "credential"))
        return replace(good, at=seen.at, lines=lines, causes=seen.causes, stale=True, since=since)
