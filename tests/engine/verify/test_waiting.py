"""What a verification waits for: a change of ours that may not have taken effect, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from kbq_tui.engine.ports import Ports
from kbq_tui.engine.verify.runner import verify
from kbq_tui.engine.waiting import Patience
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.checks import CheckResult
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.operations import ActionKey
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, IMPORT_DATASET, JOB_USER, STAGING_DATASET
from tests.engine.fakes import FakeJournal
from tests.engine.verify.bench import Bench
from tests.support.memory_machine import VirtualClock
from tests.support.memory_world import NOW

IMP, TMP = IMPORT_DATASET, STAGING_DATASET
ON_IMP, ON_TMP, ON_PROJECT = (
    f"grant:dataset:{IMP}:{DATA_VIEWER}",
    f"grant:dataset:{TMP}:{DATA_EDITOR}",
    f"grant:project:{JOB_USER}",
)
OF_TMP = {f"dataset.visible:{TMP}", f"grants.direct:{TMP}", "staging.write"}


@dataclass
class Told(FakeJournal):
    """A journal with these changes, made just now."""

    made: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    def changes(self) -> tuple[OwnChange, ...]:
        return tuple(OwnChange(key, NOW) for action in self.made if (key := ActionKey.read(action, "")))


@contextmanager
def changed(bench: Bench, *actions: str) -> Iterator[Ports]:
    """The ports of a machine that made these changes just now."""
    with bench.spot.ports() as ports:
        yield replace(ports, journal=Told(actions))


async def run(
    ports: Ports, bench: Bench, seen: Callable[[Event], None] = lambda _: None
) -> tuple[dict[str, CheckResult], list[Event]]:
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        seen(event)

    results = await verify(bench.spec, ports, emit=emit, patience=Patience(limit=30))
    return {r.id: r for r in results}, [e for e in events if e.kind is EventKind.WAITING]


def slept(ports: Ports) -> float:
    assert isinstance(ports.clock, VirtualClock)
    return ports.clock.seconds


async def test_what_was_not_changed_by_us_has_failed_at_once(bench: Bench) -> None:
    bench.open(TMP, None)
    bench.bind(JOB_USER, there=False)
    with changed(bench) as ports:
        results, waits = await run(ports, bench)
        assert slept(ports) == 0
    assert waits == []
    failed = {i for i, r in results.items() if r.verdict == "fail"}
    assert failed == {f"grants.direct:{TMP}", "permissions.effective"}
    assert {results[i].verdict for i in (f"dataset.visible:{TMP}", "query.run")} == {"unknown"}


async def test_only_what_a_change_can_explain_is_waited_for(bench: Bench) -> None:
    bench.open(TMP, None)
    bench.open(IMP, None)
    with changed(bench, ON_TMP) as ports:
        results, waits = await run(ports, bench)
        assert slept(ports) >= 30
    # A check that is run late may find the wait over: the first check that waits moves the clock on.
    assert waits
    assert {e.action for e in waits} <= OF_TMP
    failed = {i for i, r in results.items() if r.verdict == "fail"}
    assert failed == {f"grants.direct:{TMP}", f"grants.direct:{IMP}"}
    assert all(results[i].verdict == "unknown" for i in OF_TMP - failed)


async def test_what_is_still_missing_after_the_wait_has_failed(bench: Bench) -> None:
    bench.open(TMP, None)
    bench.bind(JOB_USER, there=False)
    with changed(bench, ON_TMP, ON_PROJECT) as ports:
        results, _ = await run(ports, bench)
        assert 30 <= slept(ports) < 60
    failed = {i for i, r in results.items() if r.verdict == "fail"}
    assert failed == {f"grants.direct:{TMP}", "permissions.effective"}
    assert {results[i].verdict for i in (f"dataset.visible:{TMP}", "query.run")} == {"unknown"}
    assert results["import.readonly"].verdict == "unknown"


async def test_a_change_that_arrives_meanwhile_passes(bench: Bench) -> None:
    bench.open(TMP, None)

    def arrive(event: Event) -> None:
        if event.kind is EventKind.WAITING and event.elapsed >= 3:
            bench.open(TMP, "WRITER")

    with changed(bench, ON_TMP) as ports:
        results, waits = await run(ports, bench, arrive)
    assert {i: r.evidence for i, r in results.items() if r.verdict != "pass"} == {}
    assert waits


async def test_while_it_waits_it_says_since_when_and_never_what_to_grant(bench: Bench) -> None:
    bench.open(TMP, None)
    with changed(bench, ON_TMP) as ports:
        _, waits = await run(ports, bench)
    assert str(waits[0].text) == "granted 0 s ago; Google takes two minutes as a rule; nothing to do"
    assert "granted 29 s ago; Google takes two minutes as a rule; nothing to do" in {str(e.text) for e in waits}
    for event in waits:
        assert event.problem is not None
        assert not any("gcloud" in str(step) or "GRANT" in str(step) for step in event.problem.remedy)


@pytest.mark.parametrize("change", [ON_TMP, ON_IMP])
async def test_what_is_too_much_is_not_waited_for(bench: Bench, change: str) -> None:
    bench.also(TMP, "OWNER")
    with changed(bench, change) as ports:
        results, waits = await run(ports, bench)
    assert waits == []
    assert results[f"grants.direct:{TMP}"].verdict == "fail"


async def test_the_operators_own_missing_permission_is_not_waited_for(bench: Bench) -> None:
    from kbq_tui.sandbox.faults import Rule

    bench.fail(Rule("cloudresourcemanager.projects.getIamPolicy", "status", status=403, every=1))
    with changed(bench, ON_PROJECT, ON_TMP, "account", "key") as ports:
        _, waits = await run(ports, bench)
    assert waits == []
