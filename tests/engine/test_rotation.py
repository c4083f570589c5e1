"""A key is replaced step by step, over runs and days, and the rotation can be rolled back."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from kbq_tui.engine.health import Health, Line
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.rotation import roll_back, rotate
from kbq_tui.engine.rotation_state import RotationOptions, RotationOutcome
from kbq_tui.engine.status import status
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.key_use import AUDIT_PERMISSION, KeyCall
from kbq_tui.model.observed import KeyInfo, LocalKey
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.rotation import rotation_of
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.rotation import RotationStep
from tests.engine.fakes import FakeJournal, ports
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import BESIDE, MemoryKeys, VirtualClock
from tests.support.memory_world import NOW, PROJECT, fault, key_json

SPEC = ConnectionSpec(PROJECT, location="US")
EMAIL = SPEC.account_email
OLD = f"{1:040d}"
KLAVIYO, ELSEWHERE = "52.206.71.52", "203.0.113.7"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class RotationScene:
    """A connection in use, whose key is a hundred days old."""

    cloud: MemoryCloud = field(default_factory=MemoryCloud)
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    events: list[Event] = field(default_factory=list)
    handed: list[LocalKey] = field(default_factory=list)

    def __post_init__(self) -> None:
        asyncio.run(self.cloud.create_account(PROJECT, SPEC.account_id, ""))
        self.cloud.world.keys = [KeyInfo(OLD, NOW - 100 * DAY)]
        self.keys.local = LocalKey("/keys/k.json", OLD, EMAIL, PROJECT)
        self.keys.secret = key_json(PROJECT, EMAIL, OLD)
        self.ports: Ports = ports(self.cloud, self.keys)

    @property
    def clock(self) -> VirtualClock:
        assert isinstance(self.ports.clock, VirtualClock)
        return self.ports.clock

    @property
    def journal(self) -> FakeJournal:
        assert isinstance(self.ports.journal, FakeJournal)
        return self.ports.journal

    @property
    def ids(self) -> list[str]:
        return [key.id for key in self.cloud.world.keys]

    @property
    def new(self) -> str:
        return self.ids[-1]

    def pass_time(self, span: timedelta) -> None:
        self.clock.seconds += span.total_seconds()

    def used(self, key_id: str, address: str = KLAVIYO) -> None:
        self.cloud.world.key_calls[key_id].append(KeyCall(self.clock.now(), address, "agent"))

    def go(self, **options: object) -> RotationOutcome:
        wanted = RotationOptions(**{"wait": 0.0, **options})  # type: ignore[arg-type]
        work = rotate(SPEC, self.ports, self.events.append, Patience(0), wanted, self.handed.append)
        return asyncio.run(work)

    def back(self, *, confirmed: bool = False) -> RotationOutcome:
        return asyncio.run(roll_back(SPEC, self.ports, self.events.append, Patience(0), confirmed=confirmed))


@pytest.fixture
def ground() -> RotationScene:
    return RotationScene()


def code(outcome: RotationOutcome) -> str | None:
    (problem,) = outcome.problems
    return problem.code


def test_the_new_key_is_made_verified_and_handed_over_while_the_old_one_works(ground: RotationScene) -> None:
    out = ground.go()
    assert out.step is RotationStep.HAND_OVER
    assert out.problems == ()
    assert [key.disabled for key in ground.cloud.world.keys] == [False, False]
    assert [key.key_id for key in ground.handed] == [ground.new]
    assert ground.keys.local is not None
    assert ground.keys.local.key_id == OLD


def told_by_status(ground: RotationScene) -> Line | None:
    seen = asyncio.run(status(SPEC, ground.ports))
    return next((line for line in seen.lines if line.id == "rotation"), None)


def test_a_rotation_that_is_not_finished_is_told_by_the_status(ground: RotationScene) -> None:
    assert told_by_status(ground) is None
    ground.go()
    line = told_by_status(ground)
    assert line is not None
    assert line.health is Health.WARNING
    assert line.problem is not None
    assert line.problem.code == Code.ROTATION_OPEN
    assert "kbq-tui key rotate" in str(line.problem.steps)
    assert "Klaviyo has not been seen to use the new key yet" in str(line.text)
    ground.used(ground.new)
    ground.pass_time(2 * HOUR)
    ground.go()
    waiting = told_by_status(ground)
    assert waiting is not None
    assert (waiting.health, waiting.problem) == (Health.OK, None)
    assert "the old key is disabled" in str(waiting.text)
    ground.pass_time(DAY)
    late = told_by_status(ground)
    assert late is not None
    assert late.health is Health.WARNING
    assert ground.go().finished
    assert told_by_status(ground) is None


def test_klaviyo_s_first_call_is_waited_for_in_sight(ground: RotationScene) -> None:
    ground.cloud.world.key_calls = _Later(ground, 25.0)  # type: ignore[assignment]
    out = ground.go(wait=60.0)
    waits = [e for e in ground.events if e.kind is EventKind.WAITING and e.action.startswith("rotate-taken")]
    assert 20 <= len(waits) <= 40
    assert {e.limit for e in waits} == {60.0}
    assert out.step is RotationStep.GRACE


def test_a_new_key_whose_file_is_gone_is_not_waited_for(ground: RotationScene) -> None:
    ground.go()
    new, file = ground.new, ground.keys.beside
    ground.keys.beside = None
    out = ground.go(wait=60.0)
    assert code(out) == Code.ROTATION_FILE_GONE
    assert out.step is RotationStep.HAND_OVER
    assert BESIDE in str(out.problems[0].cause)
    assert "waiting" not in {e.kind for e in ground.events}

    ground.keys.beside = file  # put back
    assert ground.go().problems == ()
    ground.keys.beside = None
    assert ground.back().rolled_back
    assert ground.ids == [OLD]
    assert new not in ground.ids


@pytest.mark.parametrize("how", ["Klaviyo has called with it", "it was handed over", "the operator says so"])
def test_a_new_key_that_klaviyo_has_needs_no_file(ground: RotationScene, how: str) -> None:
    ground.go()
    ground.keys.beside = None
    if how == "Klaviyo has called with it":
        ground.used(ground.new)
    if how == "it was handed over":
        ground.keys.handed = (ground.new,)
    out = ground.go(confirmed=how == "the operator says so")
    assert out.problems == ()
    if how == "it was handed over":
        return  # and Klaviyo's call is waited for
    ground.pass_time(2 * HOUR)
    ground.go()
    ground.pass_time(2 * DAY)
    assert ground.go().step is RotationStep.FINISH
    assert ground.keys.local is None
    assert ground.keys.handed == (OLD, ground.new)
    seen = asyncio.run(status(SPEC, ground.ports))
    assert {line.id: line.health for line in seen.lines if "key" in line.id} == {"key": Health.OK, "key-age": Health.OK}


class _Later(dict[str, list[KeyCall]]):
    """Klaviyo calls with any new key after so many seconds."""

    def __init__(self, ground: RotationScene, after: float) -> None:
        super().__init__()
        self.ground, self.after = ground, after

    def __missing__(self, key_id: str) -> list[KeyCall]:
        now = self.ground.clock
        return [KeyCall(now.now(), KLAVIYO)] if key_id != OLD and now.seconds >= self.after else []


def test_a_call_from_elsewhere_is_not_klaviyo_s_and_is_told(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new, ELSEWHERE)
    out = ground.go()
    assert out.step is RotationStep.HAND_OVER
    assert ELSEWHERE in str(out.why)
    assert "--confirmed" in str(out.why)


def test_the_old_key_is_disabled_once_it_is_quiet_and_deleted_after_the_grace_period(ground: RotationScene) -> None:
    ground.go()
    ground.used(OLD)
    ground.pass_time(timedelta(minutes=1))
    ground.used(ground.new)
    waiting = ground.go()
    assert waiting.step is RotationStep.DISABLE
    assert waiting.problems == ()
    assert waiting.until == ground.cloud.world.key_calls[OLD][0].at + HOUR
    assert ground.keys.local is not None
    assert ground.keys.local.key_id == ground.new
    ground.pass_time(HOUR)
    off = ground.go()
    assert off.step is RotationStep.GRACE
    assert off.until == ground.clock.now() + DAY
    assert [key.disabled for key in ground.cloud.world.keys] == [True, False]
    assert ground.go(grace=2 * DAY).until == ground.clock.now() + 2 * DAY
    ground.pass_time(DAY)
    done = ground.go()
    assert done.finished
    assert ground.ids == [ground.new]
    assert rotation_of(ground.journal.changes(), SPEC) is None
    assert ground.keys.handed == (OLD,)


def test_an_old_key_that_is_still_used_is_left_and_it_is_said_by_whom(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new)
    ground.go(wait=0.0)
    ground.pass_time(timedelta(minutes=5))
    ground.used(OLD, ELSEWHERE)
    ground.pass_time(timedelta(minutes=5))
    back = ground.back()  # enabled again, because it had been disabled
    assert back.step is RotationStep.DISABLE
    out = ground.go()
    assert code(out) == Code.KEY_IN_USE
    assert f"by {ELSEWHERE} (agent), 5 min ago" in str(out.problems[0].cause)
    assert [key.disabled for key in ground.cloud.world.keys] == [False, False]


def test_a_key_that_klaviyo_does_not_use_is_not_replaced_in_place_of_the_one_it_does(ground: RotationScene) -> None:
    theirs = f"{7:040d}"
    ground.cloud.world.keys.append(KeyInfo(theirs, NOW - 30 * DAY))
    ground.used(OLD)
    ground.pass_time(HOUR)
    ground.used(theirs)
    with pytest.raises(ProblemError) as caught:
        ground.go()
    assert caught.value.problem.code == Code.ROTATION_OTHER_KEY
    assert theirs[:12] in str(caught.value.problem.cause)
    assert len(ground.ids) == 2

    ground.pass_time(HOUR)
    ground.used(OLD)  # Klaviyo has changed to it
    assert ground.go().step is RotationStep.HAND_OVER
    assert len(ground.ids) == 3


def test_klaviyo_that_goes_on_with_the_old_key_counts_as_a_use(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new)
    ground.pass_time(timedelta(minutes=5))
    ground.cloud.world.key_calls[OLD].append(KeyCall(ground.clock.now() + timedelta(minutes=1), KLAVIYO))
    assert code(ground.go()) == Code.KEY_IN_USE


def test_where_the_log_may_not_be_read_the_operator_confirms(ground: RotationScene) -> None:
    ground.cloud.world.allowed = frozenset()
    out = ground.go(confirmed=True)  # nobody can have given a key to Klaviyo that is created now
    assert code(out) == Code.ROTATION_UNCONFIRMED
    assert AUDIT_PERMISSION in str(out.problems[0].cause)
    assert len(ground.handed) == 1
    assert code(ground.go()) == Code.ROTATION_UNCONFIRMED
    done = ground.go(confirmed=True, grace=timedelta(0))
    assert done.finished
    assert ground.ids == [ground.new]


def test_a_new_key_that_does_not_sign_in_goes_no_further(ground: RotationScene) -> None:
    bad = MemoryCloud()
    bad.world.forever["authenticate"] = fault("KBQ-KEY-REJECTED")
    good, ground.ports = ground.ports, replace(ground.ports, impersonate=lambda _key: bad)
    out = ground.go()
    assert out.step is RotationStep.VERIFY
    assert code(out) == "KBQ-KEY-REJECTED"
    assert ground.handed == []
    ground.ports = good
    assert ground.go().step is RotationStep.HAND_OVER
    assert len(ground.ids) == 2  # it is tried again, not created again


def test_a_disabling_that_fails_is_tried_again(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new)
    ground.cloud.world.faults["switch_key"] = [fault("KBQ-TEST")]
    out = ground.go()
    assert (out.step, code(out)) == (RotationStep.DISABLE, "KBQ-TEST")
    assert ground.go().step is RotationStep.GRACE


def test_taken_back_while_klaviyo_uses_the_old_key(ground: RotationScene) -> None:
    ground.go()
    new = ground.new
    out = ground.back()
    assert out.rolled_back
    assert out.step is RotationStep.FINISH
    assert ground.ids == [OLD]
    assert ground.keys.beside is None
    with pytest.raises(ProblemError) as caught:
        ground.back()
    assert caught.value.problem.code == Code.ROTATION_NONE
    again = ground.go()
    assert again.step is RotationStep.HAND_OVER
    assert again.old == OLD
    assert new != OLD


@pytest.mark.parametrize("promoted", [False, True])
def test_a_new_key_that_klaviyo_uses_is_not_taken_back(ground: RotationScene, promoted: bool) -> None:
    ground.go()
    ground.used(OLD)
    ground.pass_time(timedelta(minutes=1))
    ground.used(ground.new)
    if promoted:
        ground.go()
    with pytest.raises(ProblemError) as caught:
        ground.back()
    assert caught.value.problem.code == Code.ROTATION_TAKEN_OVER
    assert len(ground.ids) == 2


def test_where_the_log_may_not_be_read_taking_back_is_confirmed(ground: RotationScene) -> None:
    ground.cloud.world.allowed = frozenset()
    ground.go()
    with pytest.raises(ProblemError) as caught:
        ground.back()
    assert caught.value.problem.code == Code.ROTATION_UNCONFIRMED
    assert len(ground.ids) == 2
    assert ground.back(confirmed=True).step is RotationStep.FINISH
    assert ground.ids == [OLD]


def test_in_the_grace_period_the_old_key_is_enabled_again(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new)
    assert ground.go().step is RotationStep.GRACE
    out = ground.back()
    assert out.rolled_back
    assert [key.disabled for key in ground.cloud.world.keys] == [False, False]
    ground.pass_time(DAY)
    assert ground.go().step is RotationStep.GRACE  # the period begins again


def test_a_new_key_that_was_deleted_by_others_stops_it_and_the_way_back_is_open(ground: RotationScene) -> None:
    ground.go()
    ground.used(ground.new)
    ground.go()
    ground.cloud.world.keys = [replace(ground.cloud.world.keys[0])]
    with pytest.raises(ProblemError) as caught:
        ground.go()
    assert caught.value.problem.code == Code.ROTATION_NEW_GONE
    assert ground.back(confirmed=True).step is RotationStep.FINISH
    assert [(key.id, key.disabled) for key in ground.cloud.world.keys] == [(OLD, False)]


def test_at_the_limit_the_keys_that_can_go_are_named(ground: RotationScene) -> None:
    others = [KeyInfo(f"{n:040d}", NOW - 100 * DAY, disabled=n == 7) for n in range(2, 11)]
    ground.cloud.world.keys += others
    for key in others[:7]:
        ground.used(key.id)
    with pytest.raises(ProblemError) as caught:
        ground.go()
    problem = caught.value.problem
    assert problem.code == Code.TOO_MANY_KEYS
    named = [line for step in problem.remedy for line in step.lines if line.startswith("kbq-tui key delete")]
    assert named == [f"kbq-tui key delete {n:040d}" for n in (7, 9, 10)]
    assert ground.journal.lines == []


def test_a_rotation_is_nothing_to_be_warned_of(ground: RotationScene) -> None:
    from kbq_tui.engine.observe import observe
    from kbq_tui.model.observed import unheld_keys

    ground.go()
    assert unheld_keys(asyncio.run(observe(SPEC, ground.ports))) == ()
