"""The list of all connections: a row for each, and how the list is sorted, searched and counted."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property
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
        health: the worst of what is known; None before the first look.
        reason: what is wrong, or was when Google last answered; empty if nothing is.
        unread: why something could not be read; empty if everything could.
        stale: whether the values are older than the latest look.
        key_created: when the key in use was created; None if there is none, or it could not be read.
        key_unread: whether the keys could not be read.
        verified: when the last verification was; None for never, or if `looked` is False.
        looked: whether any look has read the connection.
        history: the last looks.
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
    looked: bool = True
    history: LookHistory = LookHistory()

    @property
    def shown(self) -> Health | None:
        """The health that is shown: an old one proves nothing about now."""
        return Health.UNKNOWN if self.stale else self.health


class Overviews:
    """All connections at one point in time.

    The dashboard reads them at every key press, and there can be thousands, so that each order, the counts and the
    texts to search are computed once, when they are first needed.

    Args:
        rows: the connections; each name occurs once.
    """

    def __init__(self, rows: Iterable[Overview] = ()) -> None:
        self.rows = tuple(rows)
        self._by_name = {row.name: row for row in self.rows}
        self._orders: dict[tuple[SortBy, bool], list[Overview]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def named(self, name: str) -> Overview:
        """Return the row of a connection. Raises: KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def totals(self) -> dict[Health, int]:
        """The number of connections by health, the best first; those not read yet are left out."""
        found = Counter(row.shown for row in self.rows)
        return {health: found[health] for health in reversed(WORST_FIRST) if found[health]}

    @cached_property
    def unread(self) -> tuple[Overview, ...]:
        """Return the rows of connections that could not be read completely."""
        return tuple(row for row in self.rows if row.unread)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {row.name: f"{row.name}\n{row.project}".casefold() for row in self.rows}

    @cached_property
    def _named(self) -> list[Overview]:
        return sorted(self.rows, key=lambda row: (row.name.casefold(), row.name))

    def ordered(self, by: SortBy, *, backwards: bool = False) -> list[Overview]:
        """Return the rows sorted; those without a value come last in either direction.

        Args:
            by: `STATE` puts the worst first, and of those the one that changed last; `KEY` the oldest key; `VERIFIED`
                the oldest verification.
            backwards: reverse the order.
        """
        if (by, backwards) not in self._orders:
            values = [(_VALUES[by](row), row) for row in self._named]
            known = [(value, row) for value, row in values if value is not None]
            known.sort(key=lambda pair: pair[0], reverse=backwards)
            unknown = [row for value, row in values if value is None]
            self._orders[by, backwards] = [row for _, row in known] + unknown
        return self._orders[by, backwards]

    def chosen(self, by: SortBy, *, backwards: bool = False, text: str = "", only_bad: bool = False) -> list[Overview]:
        """Return the rows that are to be shown, in order.

        Args:
            by, backwards: the order, as for `ordered`.
            text: what name or project have to hold, whatever the case; empty for all.
            only_bad: leave out what is ok.
        """
        found, wanted = self.ordered(by, backwards=backwards), text.casefold()
        if wanted:
            texts = self._texts
            found = [row for row in found if wanted in texts[row.name]]
        return [row for row in found if row.shown is not Health.OK] if only_bad else found


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
