"""The history of a connection's looks: its health each time, and since when it is as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from kbq_tui.engine.drift import (
    Drift,
    Item,
    SeenValues,
    authors_to_json,
    drift_from_json,
    drift_to_json,
    drifted,
    merged,
    values_from_json,
    values_to_json,
)
from kbq_tui.engine.health import Health
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.lean_dataclass import dataclass

LOOKS_KEPT: Final = 20
"""The number of looks of a connection that are remembered."""
SCHEMA: Final = "kbq-tui/looks/v1"


@dataclass(frozen=True, slots=True)
class Look:
    """One look.

    Attributes:
        at: when, aware UTC.
        health: the connection's health; unknown if something could not be read.
    """

    at: datetime
    health: Health


@dataclass(frozen=True, slots=True)
class LookHistory:
    """The last looks of one connection.

    Attributes:
        looks: the looks, oldest first; at most `LOOKS_KEPT`.
        health: the health when Google last answered; None if it never did.
        since: when this health was first seen; None if it was so from the first look on.
        values: the last values of what can drift; None if nothing was read yet.
        drift: what differs from an earlier look, and was neither undone nor accepted.
        values_at: when `values` were read; None if not known.
    """

    looks: tuple[Look, ...] = ()
    health: Health | None = None
    since: datetime | None = None
    values: Mapping[Item, str] | None = None
    drift: tuple[Drift, ...] = ()
    values_at: datetime | None = None

    def after(self, look: Look, *, answered: bool = True) -> "LookHistory":
        """Return the history with one more look.

        Args:
            look: the look.
            answered: whether Google answered. An outage says nothing about the connection: `since` stays.
        """
        looks = (*self.looks, look)[-LOOKS_KEPT:]
        if not answered or look.health is self.health:
            return replace(self, looks=looks)
        since = None if self.health is None else look.at
        return replace(self, looks=looks, health=look.health, since=since)

    def with_values(self, seen: SeenValues, own: Iterable[OwnChange], at: datetime) -> "LookHistory":
        """Return the history with the values of a look, and what of them differs from the look before.

        Args:
            seen: the values.
            own: our own changes, which are not drift.
            at: when the look was.
        """
        if self.values is None:
            return replace(self, values=merged({}, seen), values_at=at)
        drift = drifted(self.values, seen, self.drift, own, at, self.values_at)
        return replace(self, values=merged(self.values, seen), drift=drift, values_at=at)

    def attributed(self, found: Iterable[Drift]) -> "LookHistory":
        """Return the history with the authors of the differences.

        Args:
            found: the same differences, with their authors.
        """
        authors = {(each.item, each.now): each.author for each in found}
        drift = (replace(each, author=authors.get((each.item, each.now), each.author)) for each in self.drift)
        return replace(self, drift=tuple(drift))

    def accepted(self) -> "LookHistory":
        """Return the history with all differences accepted."""
        return replace(self, drift=())

    @property
    def runs(self) -> tuple[tuple[Look, ...], ...]:
        """The looks, with consecutive ones of the same health grouped."""
        return tuple(tuple(run) for _, run in groupby(self.looks, key=lambda look: look.health))

    def to_json(self) -> dict[str, object]:
        """Return the history in the form in which it is stored."""
        return {
            "schema": SCHEMA,
            "looks": [[look.at.isoformat(timespec="seconds"), look.health.value] for look in self.looks],
            "health": self.health.value if self.health is not None else None,
            "since": self.since.isoformat(timespec="seconds") if self.since is not None else None,
            "values": values_to_json(self.values) if self.values is not None else None,
            "drift": drift_to_json(self.drift),
            "authors": authors_to_json(self.drift),
            "values_at": self.values_at.isoformat(timespec="seconds") if self.values_at is not None else None,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> "LookHistory":
        """Return the history from a file; what cannot be understood counts as never read."""
        if body.get("schema") != SCHEMA:
            return cls()
        listed = body.get("looks")
        looks = tuple(
            Look(at, health)
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, list) and len(entry) == 2
            if (at := _time(entry[0])) is not None and (health := _health(entry[1])) is not None
        )
        kept = body.get("values")
        values = values_from_json(kept) if isinstance(kept, list) else None
        health, since = _health(body.get("health")), _time(body.get("since"))
        drift = drift_from_json(body.get("drift"), body.get("authors"))
        return cls(looks[-LOOKS_KEPT:], health, since, values, drift, _time(body.get("values_at")))


def counts(looks: Sequence[Look]) -> dict[Health, int]:
    """Return the number of looks with each health, the worst first."""
    order = (Health.BROKEN, Health.UNKNOWN, Health.WARNING, Health.OK)
    found = [look.health for look in looks]
    return {health: found.count(health) for health in order if health in found}


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _health(text: object) -> Health | None:
    return Health(text) if isinstance(text, str) and text in set(Health) else None
