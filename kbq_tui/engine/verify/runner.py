"""Verification with the key that Klaviyo will use: runs and records each check of the registry."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from kbq_tui.engine import event_log
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.engine.verify.causes import causes_of, explained, look_for_cause
from kbq_tui.engine.verify.checks import CHECKS, visible
from kbq_tui.engine.verify.consequences import followed
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.definitions import CheckStage, DefinedCheck
from kbq_tui.engine.waiting import NO_PATIENCE, Emit, Patience, Waits, own_changes
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model import checks, judgements
from kbq_tui.model.checks import Check, CheckResult, Verdict
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.judgements import Judged
from kbq_tui.model.observed import DatasetInfo
from kbq_tui.model.problem import Problem, ProblemError, Retry
from kbq_tui.model.rotation import rotation_of
from kbq_tui.model.spec import ConnectionSpec, RequiredDataset
from kbq_tui.planning.diff_problems import named
from kbq_tui.shell import sql

Told = Callable[[CheckResult], None]


async def verify(
    spec: ConnectionSpec,
    ports: Ports,
    *,
    told: Told | None = None,
    emit: Emit | None = None,
    patience: Patience = NO_PATIENCE,
    location: str | None = None,
) -> tuple[CheckResult, ...]:
    """Run every check as the service account, with the key as it is stored here.

    Args:
        spec: the connection.
        ports: the operator's cloud is used only for what the account must not be able to read: its keys, its roles on
            the project, other datasets and tables, and grants and location if it may not read them itself.
        told: called with each result as it comes.
        emit: called with events: a check has started, or waits for a change to take effect.
        patience: how long to wait for our own changes, if the journal has any that may not have taken effect.
        location: the right location of the datasets; None takes the connection's, else the first dataset's.

    Returns:
        A result for every check of `checks.expected(spec)`, in that order. Never raises `ProblemError`.
    """
    events = event_log.events(emit or (lambda _: None))
    changes = await own_changes(spec, ports)
    rotation = rotation_of(changes, spec)
    context = CheckContext(
        spec,
        ports,
        Waits(ports.clock, patience, events, changes),
        wanted=location or spec.location or "",
        neighbours=await offload(ports.neighbours),
        rotating=rotation.keys if rotation is not None else (),
    )
    try:
        return await _Verification(context, event_log.verdicts(told or (lambda _: None)), events).run()
    finally:
        if context.account_cloud is not None:
            await context.account_cloud.close()


class _Verification:
    """Runs the checks of one connection in their order, and keeps their results in the context."""

    def __init__(self, context: CheckContext, told: Told, emit: Emit) -> None:
        self._context = context
        self._told = told
        self._emit = emit
        self._began = context.ports.clock.monotonic()
        self._checks = tuple(CHECKS.of(context.spec))
        self._ended = {defined.id: asyncio.Event() for defined in self._checks}

    async def run(self) -> tuple[CheckResult, ...]:
        """Run every stage, then distinguish failures from their consequences."""
        spec, results = self._context.spec, self._context.results
        before: tuple[Problem, ...] = ()
        await self._all(CheckStage.SIGN_IN)
        if self._context.signed_in:
            await self._with_key()
        else:
            before = await look_for_cause(spec, self._context.ports.cloud)
        await self._all(CheckStage.LAST)
        why = message("not tried, because the key does not sign in")
        if checks.handed_over(results.values()):
            why = message("not tried, because the key is not on this machine any more")
        for defined in self._checks:
            if defined.id not in results:
                self._record(defined.check, "", Judged(Verdict.SKIPPED, why))
        found = tuple(results[defined.id] for defined in self._checks)
        causes = await causes_of(spec, self._context.ports.cloud, found, before)
        gone = {name for name, info in self._context.looked.items() if info is None}
        final = followed(spec, explained(found, causes), gone)
        return tuple(self._retold(result) for result in final)

    async def _all(self, stage: CheckStage, besides: Sequence[str] = ()) -> None:
        """Run the checks of a stage at the same time, except those in `besides`."""
        async with asyncio.TaskGroup() as group:
            for defined in self._checks:
                if defined.stage is stage and defined.id not in besides:
                    group.create_task(self._run(defined))

    async def _with_key(self) -> None:
        context, datasets = self._context, self._context.spec.datasets()
        # Each dataset is queried in its own location; whether that is right is another check.
        await self._look_at(datasets)
        late = [visible.of(dataset) for dataset in datasets if context.looked[dataset.name] is None]
        if late:
            # A new dataset may not be visible yet: checks of it wait until it is.
            await asyncio.gather(*(self._run(defined) for defined in late))
            await self._look_at(datasets)
        await self._all(CheckStage.WITH_KEY, [defined.id for defined in late])

    async def _look_at(self, datasets: tuple[RequiredDataset, ...]) -> None:
        """Read each dataset, and note its location: as the account sees it if complete, else as the operator does."""
        context = self._context

        async def look(name: str) -> DatasetInfo | Problem | None:
            seen: DatasetInfo | Problem | None = None
            for cloud in (context.cloud, context.ports.cloud):
                try:
                    info = await cloud.dataset(context.spec.project, name)
                except ProblemError as error:
                    seen = seen or error.problem
                    continue
                if info is None or info.access is not None:
                    return info
                seen = info
            return seen

        found = await asyncio.gather(*(look(dataset.name) for dataset in datasets))
        context.looked = {dataset.name: info for dataset, info in zip(datasets, found, strict=True)}
        context.locations = {
            name: info.location
            for name, info in context.looked.items()
            if isinstance(info, DatasetInfo) and sql.is_location(info.location)
        }
        known = (at for dataset in datasets if (at := context.locations.get(dataset.name)))
        context.location = next(known, context.wanted)

    async def _run(self, defined: DefinedCheck) -> None:
        """Run a check, wait out *not yet*, judge and record."""
        if defined.after:
            await self._ended[defined.after].wait()
        clock = self._context.ports.clock
        began = clock.monotonic()
        wait = self._context.waits.begin(defined.id, self._began)
        self._emit(Event(EventKind.STARTED, defined.id, clock.now(), defined.check.title))
        while True:
            try:
                judged = await defined.ask(self._context)
                problem = judged.problem
                if not judged.not_yet or problem is None:
                    break
                problem = replace(problem, retry=Retry.NOT_YET, original=judged.evidence)
            except ProblemError as error:
                problem = error.problem
                judged = judgements.judge_error(problem, defined.fails)
            if not await wait.again(problem, *defined.depends_on):
                break
        self._record(defined.check, defined.call(self._context), judged, clock.monotonic() - began)
        self._ended[defined.id].set()

    def _record(self, check: Check, call: str | Message, judged: Judged, seconds: float = 0.0) -> None:
        """Keep a result, and report it."""
        context = self._context
        problem = context.ports.named(named(judged.problem, context.spec)) if judged.problem is not None else None
        result = CheckResult(check, judged.verdict, judged.evidence, call, problem, seconds)
        context.results[check.id] = result
        self._told(result)

    def _retold(self, result: CheckResult) -> CheckResult:
        """Replace a result, and report it if it is a different one."""
        if result != self._context.results.get(result.id):
            self._context.results[result.id] = result
            self._told(result)
        return result
