"""How the list of connections is sorted, searched and counted."""

from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.overview import Overview, SortBy, ordered, totals

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def row(
    name: str, health: Health | None, *, since: int | None = None, key: int | None = None, **more: object
) -> Overview:
    """Return a connection that has had this state for some minutes, with a key of so many days."""
    history = LookHistory((), health, None if since is None else NOW - timedelta(minutes=since))
    created = None if key is None else NOW - timedelta(days=key)
    return Overview(name, f"project-{name}", health, history=history, key_created=created, **more)  # type: ignore[arg-type]


ROWS = (
    row("a", Health.OK, key=5),
    row("b", Health.BROKEN, since=60),
    row("c", Health.UNKNOWN, key=300),
    row("d", None),
    row("e", Health.WARNING, key=91, verified=NOW),
    row("f", Health.BROKEN, since=5, key=12, verified=NOW - timedelta(days=3)),
)


@pytest.mark.parametrize(
    ("by", "backwards", "names"),
    [
        (SortBy.STATE, False, "fbcead"),
        (SortBy.STATE, True, "aecbfd"),
        (SortBy.NAME, False, "abcdef"),
        (SortBy.NAME, True, "fedcba"),
        (SortBy.PROJECT, False, "abcdef"),
        (SortBy.KEY, False, "cefabd"),
        (SortBy.KEY, True, "afecbd"),
        (SortBy.VERIFIED, False, "feabcd"),
        (SortBy.VERIFIED, True, "efabcd"),
    ],
)
def test_the_order_and_those_without_a_value_come_last(by: SortBy, backwards: bool, names: str) -> None:
    assert "".join(r.name for r in ordered(ROWS, by, backwards=backwards)) == names


def test_what_is_older_than_the_latest_look_counts_as_unknown_and_keeps_its_place() -> None:
    stale = [row(r.name, r.health, stale=True) if r.health is not None else r for r in ROWS]
    assert totals(ROWS) == {Health.OK: 1, Health.WARNING: 1, Health.UNKNOWN: 1, Health.BROKEN: 2}
    assert totals(stale) == {Health.UNKNOWN: 5}
    assert [r.name for r in ordered(stale, SortBy.STATE)][-1] == "d"


def test_a_connection_is_found_by_its_name_or_its_project_whatever_the_case() -> None:
    found = Overview("Shop-EU", "acme-77")
    assert found.matches("eu")
    assert found.matches("ACME")
    assert not found.matches("us")
