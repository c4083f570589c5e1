"""How the list of connections is sorted, searched and counted."""

from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.engine import overview
from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.overview import Overview, Overviews, SortBy

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
    assert "".join(r.name for r in Overviews(ROWS).ordered(by, backwards=backwards)) == names


def test_what_is_older_than_the_latest_look_counts_as_unknown_and_keeps_its_place() -> None:
    stale = [row(r.name, r.health, stale=True) if r.health is not None else r for r in ROWS]
    assert Overviews(ROWS).totals == {Health.OK: 1, Health.WARNING: 1, Health.UNKNOWN: 1, Health.BROKEN: 2}
    assert Overviews(stale).totals == {Health.UNKNOWN: 5}
    assert [r.name for r in Overviews(stale).ordered(SortBy.STATE)][-1] == "d"


def test_a_connection_is_found_by_its_name_or_its_project_whatever_the_case() -> None:
    both = Overviews([Overview("Shop-EU", "acme-77"), Overview("other", "else")])
    assert [row.name for row in both.chosen(SortBy.NAME, text="eu")] == ["Shop-EU"]
    assert [row.name for row in both.chosen(SortBy.NAME, text="ACME")] == ["Shop-EU"]
    assert both.chosen(SortBy.NAME, text="us") == []


def test_only_what_is_not_ok_is_chosen_in_the_order() -> None:
    chosen = Overviews(ROWS).chosen(SortBy.NAME, backwards=True, text="project", only_bad=True)
    assert [row.name for row in chosen] == ["f", "e", "d", "c", "b"]


def test_an_order_the_counts_and_the_texts_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    touched = 0

    def value(row: Overview) -> tuple[str]:
        nonlocal touched
        touched += 1
        return (row.name,)

    monkeypatch.setitem(overview._VALUES, SortBy.NAME, value)
    monkeypatch.setattr(Overview, "shown", property(lambda row: value(row) and row.health))
    rows = Overviews(ROWS)
    for text in ("", "a", "pro"):
        assert rows.chosen(SortBy.NAME, text=text)
        assert rows.totals
    assert touched == 2 * len(ROWS)
