"""Alerts about a connection: each condition is reported once, and nothing if it could not be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kbq_tui.engine.alerts import SILENCE, Told, steps
from kbq_tui.engine.looks import Looked
from kbq_tui.engine.status import Status
from kbq_tui.engine.status_row import State, StatusRow
from kbq_tui.i18n.messages import message
from kbq_tui.model.key_use import IDLE, MAX_AGE_DAYS, KeyCall, KeyUses, UseSource
from kbq_tui.model.observed import Absent, KeyInfo, LocalKey, Observed, Part, Present, Unknown
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec

NOW = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
SPEC = ConnectionSpec("acme-prod", name="shop")
KEY = "a" * 40
UNREAD = Unknown(Problem(None, message("no"), message("no answer")))


def seen(*, key_days: int = 1, job: timedelta | None = None, keys: Part[tuple[KeyInfo, ...]] | None = None) -> Status:
    """Return the reading of a connection with one key."""
    listed = Present((KeyInfo(KEY, NOW - timedelta(days=key_days)),))
    observed = Observed(
        at=NOW,
        identity=UNREAD,
        project=Absent(),
        services={},
        billing=Present(True),
        constraints={},
        permissions=Present(frozenset()),
        datasets={},
        names=Present(()),
        account=Absent(),
        keys=listed if keys is None else keys,
        bindings=Present(()),
        key=Present(LocalKey("/k.json", KEY, SPEC.account_email, SPEC.project)),
    )
    last = NOW - job if job is not None else None
    return Status(SPEC, NOW, (), Plan("shop", ()), observed, NOW, last_job=last)


def told_of(looks: Sequence[tuple[State, Status, KeyUses | None]]) -> list[list[str]]:
    """Return what is reported at each reading if the command never fails."""
    told: Told = {}
    out: list[list[str]] = []
    for state, status, uses in looks:
        row = StatusRow("shop", SPEC.project, state, message("why"))
        found = steps(told, row, Looked("shop", status, uses=uses))
        out.append([step.alert.kind.value for step in found if step.alert is not None])
        for step in found:
            told = step.after(told)
    return out


def used(days: int | None) -> KeyUses:
    """Return that the key was used so many days ago; None for never in the last 42."""
    calls = {KEY: KeyCall(NOW - timedelta(days=days))} if days is not None else {}
    return KeyUses(UseSource.AUDIT, calls, NOW - timedelta(days=42))


def test_a_key_older_than_the_limit_is_reported_once_and_a_new_key_again() -> None:
    young, old = seen(key_days=MAX_AGE_DAYS), seen(key_days=MAX_AGE_DAYS + 1)
    looks = [(State.OK, each, None) for each in (young, old, old, young, old)]
    assert told_of(looks) == [[], ["key_older_than"], [], [], ["key_older_than"]]


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        (used(IDLE.days), ["key_idle"]),
        (used(IDLE.days - 1), []),
        (used(None), ["key_idle"]),
        (KeyUses(), []),
        (None, []),
    ],
    ids=["idle", "in use", "never used", "cannot be read", "not asked"],
)
def test_a_key_is_idle_only_where_that_can_be_read(uses: KeyUses | None, expected: list[str]) -> None:
    assert told_of([(State.OK, seen(key_days=80), uses)] * 2) == [expected, []]


def test_a_new_key_is_not_idle() -> None:
    assert told_of([(State.OK, seen(key_days=IDLE.days - 1), used(None))]) == [[]]


def test_silence_is_told_once_and_again_after_a_job() -> None:
    loud, quiet = seen(job=SILENCE), seen(job=SILENCE + timedelta(hours=1))
    looks = [(State.OK, each, None) for each in (seen(), loud, quiet, quiet, loud, quiet)]
    assert told_of(looks) == [[], [], ["silence"], [], [], ["silence"]]


def test_failing_syncs_are_told_once_until_one_succeeds() -> None:
    failing = replace(seen(job=timedelta(hours=1)), job_error="Not found: Table people")
    unread, good = seen(), seen(job=timedelta(hours=1))
    looks = [(State.WARNING, each, None) for each in (good, failing, failing, unread, failing, good, failing)]
    assert told_of(looks) == [[], ["sync_failing"], [], [], [], [], ["sync_failing"]]


def test_silence_goes_by_how_often_klaviyo_syncs_where_that_is_known() -> None:
    hourly = [replace(seen(job=timedelta(minutes=n)), job_interval=timedelta(hours=1)) for n in (119, 121)]
    daily = replace(seen(job=timedelta(hours=47)), job_interval=timedelta(days=1))
    assert told_of([(State.OK, each, None) for each in (*hourly, daily)]) == [[], ["silence"], []]


def test_what_could_not_be_read_ends_no_condition_and_begins_none() -> None:
    old, unread = seen(key_days=100), seen(keys=UNREAD)
    looks = [(State.OK, old, None), (State.UNREAD, unread, None), (State.OK, old, None)]
    assert told_of(looks) == [["key_older_than"], [], []]


def test_a_failure_is_told_once_and_over_only_when_everything_could_be_read() -> None:
    look = seen()
    states = (State.OK, State.FAILING, State.FAILING, State.UNREAD, State.FAILING, State.WARNING, State.FAILING)
    assert told_of([(state, look, None) for state in states]) == [
        [],
        ["unhealthy"],
        [],
        [],
        [],
        ["recovered"],
        ["unhealthy"],
    ]


def test_a_stale_look_says_nothing() -> None:
    stale = replace(seen(key_days=100), stale=True)
    assert told_of([(State.FAILING, stale, None)]) == [[]]


def test_a_key_that_an_organization_policy_ends_is_reported_once() -> None:
    def ending(days: int) -> Status:
        return seen(keys=Present((KeyInfo(KEY, NOW - timedelta(days=1), expires=NOW + timedelta(days=days)),)))

    looks = [(State.OK, ending(days), None) for days in (20, 13, 12)]
    assert told_of([*looks, (State.OK, seen(), None)]) == [[], ["key_ends"], [], []]
