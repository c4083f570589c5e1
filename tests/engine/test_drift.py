"""What differs from an earlier reading, and what does not count as a difference."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kbq_tui.engine.drift import (
    Drift,
    DriftKind,
    Item,
    SeenValues,
    drift_from_json,
    drift_to_json,
    drifted,
    merged,
    seen_values,
    values_from_json,
    values_to_json,
)
from kbq_tui.engine.status import status
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.observed import Unknown
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.refs import AccountRef, DatasetRef
from tests.engine.test_last_known import UNREACHABLE
from tests.engine.test_verify_status import SPEC, ready

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GRANT = Item(DriftKind.GRANT, "D", "roles/bigquery.dataViewer")
WIDER = Item(DriftKind.GRANT, "D", "roles/bigquery.dataOwner")
KEY = Item(DriftKind.KEY, "", "k" * 40)
PLACE = Item(DriftKind.LOCATION, "D")
LABEL = Item(DriftKind.LABEL, "D", "team")


def after(before: dict[Item, str], *looks: SeenValues, own: tuple[OwnChange, ...] = ()) -> tuple[Drift, ...]:
    """Return what differs after some readings, a minute apart."""
    known: tuple[Drift, ...] = ()
    for minute, look in enumerate(looks):
        known = drifted(before, look, known, own, AT + timedelta(minutes=minute))
        before = merged(before, look)
    return known


def test_each_kind_of_difference_is_told_in_words() -> None:
    before = {GRANT: "held", PLACE: "EU", LABEL: "shop", KEY: "active"}
    now = SeenValues({WIDER: "held", PLACE: "US", LABEL: "x", Item(DriftKind.KEY, "", "n" * 40): "active"})
    assert sorted(str(d.text) for d in after(before, now)) == [
        "bigquery.dataOwner on dataset D was granted",
        "bigquery.dataViewer on dataset D was taken away",
        "dataset D is in US, was in EU",
        "key kkkkkkkkkkkk is gone",
        "key nnnnnnnnnnnn was added",
        "label team of dataset D is x, was shop",
    ]


def test_it_is_kept_with_the_time_of_the_first_look_until_it_is_put_back() -> None:
    gone, there = SeenValues({}), SeenValues({GRANT: "held"})
    assert after({GRANT: "held"}, gone, gone) == (Drift(GRANT, "held", None, AT),)
    assert after({GRANT: "held"}, gone, there) == ()
    bound = SeenValues({GRANT: "request.time < x"})
    assert after({GRANT: "held"}, gone, bound) == (Drift(GRANT, "held", "request.time < x", AT),)


def test_nothing_is_concluded_from_what_could_not_be_read() -> None:
    unread = SeenValues({}, frozenset({(DriftKind.GRANT, "D")}))
    assert after({GRANT: "held"}, unread) == ()
    assert after({GRANT: "held"}, unread, SeenValues({})) == (Drift(GRANT, "held", None, AT + timedelta(minutes=1)),)


def test_our_own_changes_are_no_drift() -> None:
    granted = OwnChange(ActionKey(ActionKind.GRANT, DatasetRef("p", "D"), GRANT.name), AT)
    keyed = OwnChange(ActionKey(ActionKind.KEY, AccountRef("p", "a@p")), AT)
    now = SeenValues({GRANT: "held", WIDER: "held", KEY: "active"})
    assert [d.item for d in after({}, now, own=(granted, keyed))] == [WIDER]
    old = replace(granted, at=AT - timedelta(days=1))
    assert GRANT in [d.item for d in after({}, now, own=(old,))]


def test_values_and_differences_are_read_back_as_they_were_written() -> None:
    values = {GRANT: "held", PLACE: "EU", LABEL: "shop"}
    drift = (Drift(GRANT, "held", None, AT), Drift(KEY, None, "active", AT))
    assert values_from_json(json.loads(json.dumps(values_to_json(values)))) == values
    assert drift_from_json(json.loads(json.dumps(drift_to_json(drift)))) == drift
    broken = [["grant", "D", "r", 1], ["x", "", "", ""], "grant", ["key", "", "k", None, "active", "yesterday"]]
    assert (values_from_json(broken), drift_from_json(broken)) == ({}, ())


async def test_what_a_look_sees_and_what_it_could_not_read() -> None:
    world, _ = await ready()
    seen = (await status(SPEC, world)).observed
    values = seen_values(SPEC, seen)
    assert {item.kind for item in values.values} >= {DriftKind.GRANT, DriftKind.LOCATION, DriftKind.KEY}
    assert values.unread == frozenset()
    blind = replace(seen, keys=Unknown(UNREACHABLE), bindings=Unknown(UNREACHABLE))
    assert seen_values(SPEC, blind).unread == {(DriftKind.KEY, ""), (DriftKind.GRANT, "")}
