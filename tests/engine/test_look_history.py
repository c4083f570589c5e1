"""The last readings of a connection, and since when it has its state."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LOOKS_KEPT, SCHEMA, Look, LookHistory, counts

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def looked(*found: Health, answered: bool = True, history: LookHistory | None = None) -> LookHistory:
    """Return the history after one reading each minute, each with its result."""
    history = history or LookHistory()
    begin = history.looks[-1].at + timedelta(minutes=1) if history.looks else START
    for minute, health in enumerate(found):
        history = history.after(Look(begin + timedelta(minutes=minute), health), answered=answered)
    return history


def test_no_more_than_the_last_looks_are_kept() -> None:
    history = looked(*[Health.OK] * 30, Health.BROKEN)
    assert len(history.looks) == LOOKS_KEPT
    assert counts(history.looks) == {Health.BROKEN: 1, Health.OK: LOOKS_KEPT - 1}
    assert [(run[0].health, len(run)) for run in history.runs] == [(Health.OK, LOOKS_KEPT - 1), (Health.BROKEN, 1)]


def test_it_is_broken_since_the_first_look_that_found_it_so() -> None:
    history = looked(Health.OK, Health.BROKEN, Health.BROKEN)
    assert (history.health, history.since) == (Health.BROKEN, START + timedelta(minutes=1))


def test_since_when_is_not_known_where_it_was_so_from_the_first_look_on() -> None:
    assert looked(Health.BROKEN, Health.BROKEN).since is None


def test_an_outage_does_not_change_since_when_it_is_broken() -> None:
    history = looked(Health.OK, Health.BROKEN)
    history = looked(Health.UNKNOWN, Health.UNKNOWN, answered=False, history=history)
    history = looked(Health.BROKEN, history=history)
    assert (history.health, history.since) == (Health.BROKEN, START + timedelta(minutes=1))
    assert counts(history.looks)[Health.UNKNOWN] == 2


def test_a_history_is_read_back_as_it_was_written() -> None:
    history = looked(Health.OK, Health.WARNING, Health.BROKEN)
    assert LookHistory.from_json(json.loads(json.dumps(history.to_json()))) == history


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schema": "kbq-tui/looks/v2", "looks": [["2026-11-23T12:00:00+00:00", "ok"]]},
        {"schema": "kbq-tui/looks/v1", "looks": "ok", "health": 1, "since": "yesterday"},
        {"schema": "kbq-tui/looks/v1", "looks": [["2026-11-23T12:00:00", "ok"], ["9", "ok"], ["x"], 7], "health": "?"},
    ],
)
def test_what_a_file_says_and_cannot_be_understood_counts_as_never_seen(body: dict[str, object]) -> None:
    assert LookHistory.from_json(body) == LookHistory()


DRIFT = ["grant", "", "roles/x", None, "roles/x", "2026-11-23T12:00:00+00:00"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["log", DRIFT[-1]]),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=5), parts, max_size=2),
    max_leaves=12,
)


@given(drift=JSON | st.lists(st.lists(JSON, min_size=6, max_size=6), max_size=2), authors=JSON, other=JSON)
def test_whatever_a_file_holds_it_is_read_without_an_error(drift: object, authors: object, other: object) -> None:
    keys = dict.fromkeys(("looks", "health", "since", "values", "values_at"), other)
    LookHistory.from_json({"schema": SCHEMA, **keys, "drift": drift, "authors": authors})


@given(author=st.lists(JSON, min_size=4, max_size=4))
def test_an_author_that_cannot_be_understood_leaves_the_difference(author: list[object]) -> None:
    assert len(LookHistory.from_json({"schema": SCHEMA, "drift": [DRIFT], "authors": [author]}).drift) == 1
