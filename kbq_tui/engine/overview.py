"""The list of all connections: a row for each, and how the list is sorted, searched and counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.i18n.messages import EMPTY, Message
from kbq_tui.model.lean_dataclass import dataclass

WORST_FIRST: Final = (Health.BROKEN, Health.UNKNOWN, Health.WARNING, Health.OK)
"""Something unreadable may hide a failure, so it comes before a warning."""


class SortBy(StrEnum):
    """What the list can be sorted by."""

    STATE = "state"
    NAME = "name"
    PROJECT = "project"
    KEY = "key"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Overview:
    """One connection in the list.

    Attributes:
        name: the connection's name.
        project: its project.
        health: the worst of what is known; None before the first reading.
        reason: what is wrong, or was when Google last answered; empty if nothing is.
        unread: why something could not be read; empty if everything could.
        stale: whether the values are older than the latest reading.
        key_created: when the key in use was created; None if there is none, or it could not be read.
        key_unread: whether the keys could not be read.
        verified: when the last verification was; None for never.
        history: the last readings.
    """

    name: str
    project: str
    health: Health | None = None
    reason: Message = EMPTY
    unread: Message = EMPTY
    stale: bool = False
    key_created: datetime | None = None
    key_unread: bool = False
    verified: datetime | None = None
    history: LookHistory = LookHistory()

    @property
    def shown(self) -> Health | None:
        """The health that is shown: an old one proves nothing about now."""
        return Health.UNKNOWN if self.stale else self.health

    def matches(self, text: str) -> bool:
        """Return whether its name or its project contains a text, whatever the case."""
        wanted = text.casefold()
        return wanted in self.name.casefold() or wanted in self.project.casefold()


def ordered(rows: Iterable[Overview], by: SortBy, *, backwards: bool = False) -> list[Overview]:
    """Return the rows sorted; those without a value come last in either direction.

    Args:
        rows: the rows.
        by: `STATE` puts the worst first, and of those the one that changed last; `KEY` the oldest key; `VERIFIED` the
            oldest verification.
        backwards: reverse the order.
    """
    known: list[Overview] = []
    unknown: list[Overview] = []
    value = _VALUES[by]
    for row in sorted(rows, key=lambda row: (row.name.casefold(), row.name)):
        (unknown if value(row) is None else known).append(row)
    known.sort(key=lambda row: value(row) or (), reverse=backwards)
    return known + unknown


def totals(rows: Iterable[Overview]) -> dict[Health, int]:
    """Return the number of connections by health, the best first; those not read yet are left out."""
    found = Counter(row.shown for row in rows)
    return {health: found[health] for health in reversed(WORST_FIRST) if found[health]}


def unread(rows: Sequence[Overview]) -> list[Overview]:
    """Return the rows of connections of which something could not be read."""
    return [row for row in rows if row.unread]


def _state(row: Overview) -> tuple[float, ...] | None:
    if row.health is None:
        return None
    since = row.history.since
    return (WORST_FIRST.index(row.health), -since.timestamp() if since is not None else 0.0)


def _time(at: datetime | None) -> tuple[float, ...] | None:
    return None if at is None else (at.timestamp(),)


_VALUES: Final[dict[SortBy, Callable[[Overview], tuple[float | str, ...] | None]]] = {
    SortBy.STATE: _state,
    SortBy.NAME: lambda row: (row.name.casefold(),),
    SortBy.PROJECT: lambda row: (row.project.casefold(),) if row.project else None,
    SortBy.KEY: lambda row: _time(row.key_created),
    SortBy.VERIFIED: lambda row: _time(row.verified),
}
