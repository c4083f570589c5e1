"""Removes what we created, and nothing else."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.apply import Outcome, Runner
from kbq_tui.engine.observe import observe, part_of
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.engine.waiting import Emit, Patience
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import Observed, Part, Present, Unknown
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import TableRef
from kbq_tui.model.rotation import mark, rotation_of
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.teardown import teardown

MOST_TABLES: Final = 10_000
"""The most tables of a dataset among which our views are looked for."""


async def teardown_plan(spec: ConnectionSpec, ports: Ports, *, with_data: bool = False) -> tuple[Plan, Observed]:
    """Read everything, and plan what would be removed.

    Args:
        spec: the connection.
        ports: the outside world.
        with_data: also delete datasets that are not empty.
    """
    seen = await observe(spec, ports, everywhere=True)
    with_views = {
        c.key.ref.dataset for c in seen.changes if c.key.kind is ActionKind.VIEW and isinstance(c.key.ref, TableRef)
    }
    tables: dict[str, Part[int]] = {}
    views: dict[str, Part[Mapping[str, Mapping[str, str]]]] = {}
    for name, part in seen.datasets.items():
        if not isinstance(part, Present):
            continue
        match await part_of(ports.cloud.tables(spec.project, name, MOST_TABLES if name in with_views else 2)):
            case Present(value=listed):
                tables[name] = Present(len(listed))
                views[name] = Present({t.name: t.labels or {} for t in listed if t.kind == "VIEW"})
            case Unknown(problem=problem):
                tables[name] = views[name] = Unknown(problem)
    return ports.named_plan(teardown(spec, seen, tables, views, with_data=with_data)), seen


async def tear_down(
    spec: ConnectionSpec,
    ports: Ports,
    emit: Emit,
    patience: Patience,
    *,
    with_data: bool = False,
    expected: str | None = None,
) -> Outcome:
    """Read everything again, and remove what we created. Can be repeated after an interruption.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event.
        patience: how long to wait for changes to take effect.
        with_data: also delete datasets that are not empty.
        expected: fingerprint of the plan that was agreed to; another plan is refused.

    Raises:
        ProblemError: the plan is stale (`KBQ-STALE-PLAN`); nothing was changed.
    """
    plan, seen = await teardown_plan(spec, ports, with_data=with_data)
    if expected is not None and plan.fingerprint != expected:
        raise ProblemError(ports.named(catalogue.problem(Code.STALE_PLAN, context_of(spec, plan.location))))
    runner = Runner(spec, ports, emit, patience)
    runner.outcome.plan = plan
    await runner.run(plan.changes)
    if runner.outcome.complete:
        await _end_rotation(spec, ports, seen)
    return runner.outcome


async def _end_rotation(spec: ConnectionSpec, ports: Ports, seen: Observed) -> None:
    """End a rotation whose keys are deleted, and destroy the new key's file."""
    rotation = rotation_of(seen.changes, spec)
    if rotation is None:
        return
    keys, action = ports.keys, mark(ActionKind.ROTATE, spec, rotation.old)
    await offload(lambda: keys.discard_beside(spec.key_file, spec.project, spec.account_email))
    event = Event(EventKind.FINISHED, action, ports.clock.now(), changed=False)
    await offload(lambda: ports.journal.settle(event))
