"""Everything that the engine reports is a message, so that a face can show it in another language."""

from dataclasses import replace

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import apply
from kbq_tui.engine.status import status
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.i18n.messages import Message, message, render
from kbq_tui.model import checks, judgements
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import RoleBinding
from kbq_tui.model.problem import Context, Kind, ProblemError, Retry
from tests.engine.fakes import ports
from tests.engine.test_verify_status import ready
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_world import PROJECT, SPEC, fault
from tests.support.shouting import shouting


def loud(text: Message) -> str:
    with shouting():
        return render(text)


def assert_translatable(*texts: Message) -> None:
    """A message that is entirely English changes with the language."""
    for text in texts:
        assert loud(text) != str(text)


async def test_every_event_of_a_set_up_can_be_told_and_its_json_is_english() -> None:
    events: list[Event] = []
    await apply(SPEC, ports(), events.append)
    assert {e.kind for e in events} == {EventKind.STARTED, EventKind.FINISHED}
    assert_translatable(*(e.text for e in events))
    with shouting():
        assert [e.to_json().get("text") for e in events] == [str(e.text) for e in events]


async def test_a_failure_a_wait_and_what_was_skipped_can_be_told() -> None:
    cloud = MemoryCloud()
    denied = catalogue.permission_missing("bigquery.datasets.create", Context(PROJECT))
    late = replace(fault("KBQ-NOT-YET", Retry.NOT_YET, Kind.NOT_FOUND), title=message("Not yet"))
    cloud.world.faults["create_dataset:KLAVIYO_TMP"] = [denied]
    cloud.world.faults["add_project_binding"] = [late]
    events: list[Event] = []
    await apply(SPEC, ports(cloud), events.append, patience=Patience(limit=30))
    kinds = {e.kind for e in events}
    assert {EventKind.FAILED, EventKind.SKIPPED, EventKind.WAITING} <= kinds
    assert_translatable(*(e.text for e in events))


async def test_a_journal_that_cannot_be_written_is_reported() -> None:
    world = ports()

    def full(event: Event) -> None:
        raise ProblemError(catalogue.problem(Code.JOURNAL_UNWRITABLE, Context(), path="j", reason="Full."))

    world.journal.settle = full  # type: ignore[method-assign]
    events: list[Event] = []
    await apply(SPEC, world, events.append)
    done = [e.text for e in events if e.kind is EventKind.FINISHED]
    assert_translatable(*done)
    assert all(loud(text).endswith("(THE JOURNAL COULD NOT BE WRITTEN)") for text in done)


async def test_every_verdict_and_every_line_of_the_status_can_be_told() -> None:
    world, _ = await ready()
    results = await verify(SPEC, world)
    assert all(r.verdict is checks.Verdict.PASS for r in results)
    assert_translatable(*(r.check.title for r in results))
    # Roles alone are names, and "refused" quotes Google.
    assert_translatable(*(r.evidence for r in results if not r.id.startswith("grants.direct")))
    seen = await status(SPEC, world, {"ok": True, "at": "2026-01-31T09:00:00+00:00"})
    for line in (*seen.lines, *(await status(SPEC, ports())).lines):
        assert_translatable(line.title)
        if line.id not in ("credential", "account"):  # the identity has words only if it is not known
            assert_translatable(line.text)


@pytest.mark.parametrize("sees", ["nothing", "too much"])
async def test_a_remedy_that_learns_the_accounts_name_can_still_be_told(sees: str) -> None:
    world, account = await ready()
    if sees == "nothing":
        unknown = catalogue.problem(Code.JOB_USER_MISSING, Context(PROJECT))
        account.world.faults["query:SELECT"] = [unknown]
    else:
        account.world.allowed = frozenset({judgements.NEEDED_PERMISSION, judgements.READ_PERMISSION})
        assert isinstance(world.cloud, MemoryCloud)
        world.cloud.world.bindings.append(RoleBinding("roles/bigquery.dataViewer", (SPEC.member,)))
    failed = [r.problem for r in await verify(SPEC, world) if r.problem is not None]
    assert failed
    for problem in failed:
        assert_translatable(problem.title, problem.cause, *(step.text for step in problem.remedy))
        assert not any("SERVICE_ACCOUNT_EMAIL" in str(step) for step in problem.remedy)
    steps = [step for problem in failed for step in problem.remedy if SPEC.account_email in str(step)]
    assert steps
    assert all(any(SPEC.account_email in text for text in (loud(step.text), *step.lines)) for step in steps)
