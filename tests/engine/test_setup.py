"""The set-up under both faces: its phases, and what stops it."""

from dataclasses import replace

import pytest

from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.setup_phase import LIMITS, Phase
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.steps import Step
from tests.stories.scene import MemoryJournal, MemoryStore, Scene, fresh
from tests.support.memory_world import fault
from tests.tui.fakes import hung_left_at_project


def begin(scene: Scene, *, strict: bool = False) -> tuple[SetupSession, list[Phase]]:
    """A set-up, and the phases that it goes through."""
    phases: list[Phase] = []

    def changed() -> None:
        if not phases or phases[-1] is not session.phase:
            phases.append(session.phase)

    session = SetupSession(scene.services(), changed, strict=strict)
    session.restore()
    return session, phases


async def test_a_set_up_goes_from_sign_in_to_a_passed_verification() -> None:
    session, phases = begin(fresh())
    await session.look()
    assert phases == [Phase.SIGNING_IN, Phase.READY, Phase.LOOKING, Phase.READY]
    for step in (Step.PROJECT, Step.DATASETS, Step.ACCOUNT, Step.PERMISSIONS):
        session.go(step)
        outcome = await session.apply(step)
        assert outcome is not None
        assert outcome.complete, step
        assert set(outcome.done) <= session.applied & set(session.rows)
        await session.look()
        assert session.pending(step) == ()
    del phases[:]
    results = await session.verify()
    assert phases == [Phase.VERIFYING, Phase.READY]
    assert sorted(r.id for r in results) == sorted(session.results)
    assert session.healthy
    assert session.filed


async def test_a_look_that_is_not_answered_ends_and_names_its_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, Phase.LOOKING, 0.01)
    session, _ = begin(hung_left_at_project())
    await session.look()
    assert session.phase is Phase.READY
    assert session.note is not None
    assert session.note.timed_out is Phase.LOOKING
    assert session.observed is None


async def test_a_journal_that_cannot_be_used_is_said_and_nothing_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    def newer(self: MemoryJournal) -> None:
        raise ProblemError(fault("KBQ-JOURNAL-NEWER"))

    monkeypatch.setattr(MemoryJournal, "changes", newer)
    session, _ = begin(fresh())
    await session.look()
    assert session.phase is Phase.READY
    assert session.note is not None
    assert session.note.bad
    assert "kbq-tui explain KBQ-JOURNAL-NEWER" in str(session.note.text)
    assert session.plan is None
    strict, _ = begin(fresh(), strict=True)
    with pytest.raises(ProblemError, match="KBQ-JOURNAL-NEWER"):
        await strict.look()


async def test_while_something_goes_on_nothing_else_is_begun() -> None:
    scene = fresh()
    session, _ = begin(scene)
    await session.look()
    session.phase = Phase.VERIFYING
    assert await session.apply(Step.DATASETS) is None
    assert await session.verify() == ()
    assert await session.seek_removal() is None
    assert scene.world.writes == []


async def test_a_change_that_cannot_be_begun_leaves_the_set_up_ready_to_try_again() -> None:
    session, _ = begin(fresh())
    await session.look()
    assert session.plan is not None
    session.plan = replace(session.plan, actions=session.plan.actions[:-1])  # not the present state
    with pytest.raises(ProblemError) as caught:
        await session.apply(Step.PERMISSIONS)
    assert caught.value.problem.code == "KBQ-STALE-PLAN"
    assert session.phase is Phase.READY


async def test_a_store_that_fails_stops_a_strict_set_up_and_is_said_by_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ProblemError(fault())

    monkeypatch.setattr(MemoryStore, "save", refuse)
    lenient, _ = begin(fresh())
    await lenient.look()
    lenient.confirm()
    assert lenient.note is not None
    assert lenient.note.bad
    strict, _ = begin(fresh(), strict=True)
    await strict.look()
    with pytest.raises(ProblemError):
        strict.confirm()
