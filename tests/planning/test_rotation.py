"""The next step of a rotation; in every state, one key that works is left."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from kbq_tui.model.changes import OwnChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.key_use import KeyCall, KeyUses, UseSource
from kbq_tui.model.observed import KeyInfo, LocalKey
from kbq_tui.model.operations import ActionKey
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.rotation import Rotation, rotation_of
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.rotation import GRACE, RotationStep, RotationView, next_step, old_key, progress, spare_keys

SPEC = ConnectionSpec("my-project")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW, OTHER = "a" * 40, "b" * 40, "c" * 40


def key(id_: str, **more: object) -> KeyInfo:
    return KeyInfo(id_, NOW - 100 * DAY, **more)  # type: ignore[arg-type]


def local(id_: str, path: str = "/keys/k.json", written: datetime | None = None) -> LocalKey:
    return LocalKey(path, id_, SPEC.account_email, SPEC.project, written=written)


def view(**values: object) -> RotationView:
    known: dict[str, object] = {
        "keys": (key(OLD),),
        "local": local(OLD),
        "beside": None,
        "handed": (),
        "rotation": None,
        "now": NOW,
    }
    return RotationView(**{**known, **values})  # type: ignore[arg-type]


BEGUN = Rotation(OLD, NOW - 2 * DAY)
MADE = Rotation(OLD, NOW - 2 * DAY, NEW)
VERIFIED = Rotation(OLD, NOW - 2 * DAY, NEW, NOW - 2 * DAY)
TAKEN = Rotation(OLD, NOW - 2 * DAY, NEW, NOW - 2 * DAY, NOW - DAY)
OFF = Rotation(OLD, NOW - 2 * DAY, NEW, NOW - 2 * DAY, NOW - DAY, NOW - DAY)
BOTH = (key(OLD), key(NEW))
BESIDE = local(NEW, "/keys/k.next.json")


@pytest.mark.parametrize(
    ("there", "step"),
    [
        (view(), RotationStep.BEGIN),
        (view(rotation=BEGUN), RotationStep.CREATE),
        (view(rotation=BEGUN, beside=BESIDE, keys=BOTH), RotationStep.VERIFY),
        (view(rotation=MADE, beside=BESIDE, keys=BOTH), RotationStep.VERIFY),
        (view(rotation=VERIFIED, beside=BESIDE, keys=BOTH), RotationStep.HAND_OVER),
        (view(rotation=VERIFIED, beside=local(OTHER, "/n"), keys=(*BOTH, key(OTHER))), RotationStep.VERIFY),
        (view(rotation=TAKEN, beside=BESIDE, keys=BOTH), RotationStep.PROMOTE),
        (view(rotation=TAKEN, local=None, beside=BESIDE, keys=BOTH), RotationStep.PROMOTE),
        (view(rotation=TAKEN, keys=BOTH), RotationStep.PROMOTE),  # the new key's file is gone
        (view(rotation=TAKEN, local=None, keys=BOTH), RotationStep.PROMOTE),
        (view(rotation=TAKEN, local=None, handed=(OLD, NEW), keys=BOTH), RotationStep.DISABLE),
        (view(rotation=TAKEN, local=local(NEW), keys=BOTH), RotationStep.DISABLE),
        (view(rotation=TAKEN, local=local(NEW), keys=(key(OLD, disabled=True), key(NEW))), RotationStep.DELETE),
        (view(rotation=OFF, local=local(NEW), keys=(key(OLD, disabled=True), key(NEW))), RotationStep.DELETE),
        (view(rotation=OFF, local=local(NEW), keys=(key(NEW),)), RotationStep.FINISH),
        (view(rotation=OFF, local=local(NEW), keys=BOTH), RotationStep.DISABLE),
    ],
)
def test_each_point_leads_to_the_next(there: RotationView, step: RotationStep) -> None:
    assert next_step(there, SPEC) is step


def test_the_grace_period_counts_from_when_the_old_key_was_disabled() -> None:
    there = view(rotation=OFF, local=local(NEW), keys=(key(OLD, disabled=True), key(NEW)))
    assert next_step(there, SPEC, GRACE + timedelta(seconds=1)) is RotationStep.GRACE
    assert next_step(there, SPEC, timedelta(0)) is RotationStep.DELETE


def test_a_new_key_that_google_does_not_list_yet_is_no_lost_one() -> None:
    young = local(NEW, "/keys/k.next.json", NOW - timedelta(seconds=5))
    assert next_step(view(rotation=MADE, beside=young), SPEC) is RotationStep.VERIFY
    late = local(NEW, "/keys/k.next.json", NOW - timedelta(hours=1))
    assert next_step(view(rotation=MADE, beside=late), SPEC) is RotationStep.CREATE


@pytest.mark.parametrize(
    "keys",
    [(key(OLD),), (key(OLD), key(NEW, disabled=True)), (key(OLD), key(NEW, expires=NOW))],
    ids=["gone", "disabled", "expired"],
)
def test_once_klaviyo_has_it_a_new_key_that_does_not_work_stops_everything(keys: tuple[KeyInfo, ...]) -> None:
    with pytest.raises(ProblemError) as caught:
        next_step(view(rotation=TAKEN, local=local(NEW), keys=keys), SPEC)
    assert caught.value.problem.code == Code.ROTATION_NEW_GONE
    assert any("--rollback" in line for step in caught.value.problem.remedy for line in step.lines)


def test_the_old_key_goes_only_while_the_new_one_works_and_klaviyo_has_it() -> None:
    """All combinations of possible states."""
    states: tuple[dict[str, object] | None, ...] = (None, {}, {"disabled": True}, {"expires": NOW})
    records = (None, BEGUN, MADE, VERIFIED, TAKEN, OFF)
    places = (None, local(OLD), local(NEW))
    seen = 0
    notes = ((), (OLD, NEW))
    for old, new, rotation, here, beside, handed in product(states, states, records, places, (None, BESIDE), notes):
        keys = tuple(key(id_, **more) for id_, more in ((OLD, old), (NEW, new)) if more is not None)
        there = view(keys=keys, rotation=rotation, local=here, beside=beside, handed=handed)
        try:
            step = next_step(there, SPEC)
        except ProblemError:
            continue
        if step in (RotationStep.DISABLE, RotationStep.DELETE):
            seen += 1
            assert new == {}
            assert rotation is not None
            assert rotation.taken is not None
            assert rotation.verified is not None
    assert seen > 10


def test_with_ten_keys_nothing_is_begun() -> None:
    keys = tuple(key(f"{n:040d}") for n in range(10))
    with pytest.raises(ProblemError) as caught:
        next_step(view(keys=keys, local=local(keys[0].id)), SPEC)
    assert caught.value.problem.code == Code.TOO_MANY_KEYS


def test_the_key_to_replace() -> None:
    assert old_key(view(keys=(key(OTHER), key(OLD))), SPEC) == OLD
    assert old_key(view(keys=(key(OTHER), key(OLD)), local=None, handed=(OTHER, OLD, NEW)), SPEC) == OLD
    assert old_key(view(keys=(key(OTHER),), local=None), SPEC) == OTHER
    with pytest.raises(ProblemError) as caught:
        old_key(view(keys=(key(OTHER), key(OLD)), local=None), SPEC)
    assert caught.value.problem.code == Code.ROTATION_OLD_UNKNOWN


def test_keys_that_can_go_first_are_those_without_use() -> None:
    used = KeyUses(UseSource.AUDIT, {OTHER: KeyCall(NOW)}, NOW - 30 * DAY)
    off, idle, busy, young = key("d" * 40, disabled=True), key("e" * 40), key(OTHER), KeyInfo("f" * 40, NOW - DAY)
    there = view(keys=(key(OLD), off, idle, busy, young))
    assert [k.id[0] for k in spare_keys(there, used)] == ["d", "e"]
    assert [k.id[0] for k in spare_keys(there, KeyUses())] == ["d"]


def change(action: str, hours_ago: float, *, made: bool = True, resource: str = SPEC.account_email) -> OwnChange:
    found = ActionKey.read(action, resource)
    assert found is not None
    return OwnChange(found, NOW - timedelta(hours=hours_ago), made)


def test_the_journal_is_the_memory() -> None:
    lines = [
        change(f"rotate-taken:{NEW}", 99),  # of another rotation
        change(f"rotate:{OLD}", 9, made=False),
        change("key", 8),
        change(f"rotate-created:{NEW}", 8),
    ]
    assert rotation_of(lines, SPEC) == Rotation(OLD, NOW - timedelta(hours=9), NEW)
    lines += [change(f"rotate-verified:{NEW}", 7), change(f"rotate-taken:{NEW}", 6, made=False)]
    assert rotation_of(lines, SPEC) == Rotation(OLD, NOW - timedelta(hours=9), NEW, NOW - timedelta(hours=7))
    lines += [change(f"rotate-taken:{NEW}", 5), change(f"disable-key:{OLD}", 4)]
    found = rotation_of(lines, SPEC)
    assert found is not None
    assert (found.taken, found.disabled) == (NOW - timedelta(hours=5), NOW - timedelta(hours=4))
    enabled = rotation_of([*lines, change(f"enable-key:{OLD}", 3)], SPEC)
    assert enabled is not None
    assert enabled.disabled is None


def test_what_is_done_or_of_another_account_is_no_rotation() -> None:
    assert rotation_of([change(f"rotate:{OLD}", 1)], SPEC) is None
    assert rotation_of([change(f"rotate:{OLD}", 1, made=False, resource="other@x")], SPEC) is None


def test_the_keys_of_a_rotation_are_the_old_one_and_the_new_one_once_there_is_one() -> None:
    assert Rotation(OLD, NOW).keys == (OLD,)
    assert Rotation(OLD, NOW, NEW).keys == (OLD, NEW)


@pytest.mark.parametrize(
    ("reached", "told"),
    [
        ({}, "the new key is not created yet"),
        ({"new": NEW}, "the new key is not verified yet"),
        ({"new": NEW, "verified": NOW}, "Klaviyo has not been seen to use the new key yet"),
        ({"new": NEW, "verified": NOW, "taken": NOW}, "the old one is not disabled yet"),
        ({"new": NEW, "verified": NOW, "taken": NOW, "disabled": NOW}, f"from {NOW + DAY:%Y-%m-%d %H:%M} UTC on"),
    ],
)
def test_the_first_thing_that_is_still_to_be_done_is_told(reached: dict[str, Any], told: str) -> None:
    assert told in str(progress(Rotation(OLD, NOW, **reached)))
