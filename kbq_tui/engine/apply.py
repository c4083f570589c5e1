"""Applies a plan: independent actions run at the same time; an action is repeated while Google answers *not yet*."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine import event_log
from kbq_tui.engine.observe import observe
from kbq_tui.engine.operation_calls import CALLS
from kbq_tui.engine.ports import Ports
from kbq_tui.engine.threads import offload
from kbq_tui.engine.waiting import Emit, Patience, Waits, own_changes
from kbq_tui.i18n.messages import Message, joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.key_file import key_id_of
from kbq_tui.model.observed import LocalKey, Observed, Present
from kbq_tui.model.operations import Action, CreateKey, EnableService, Step
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem, ProblemError, RemedyStep
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of, diff
from kbq_tui.planning.diff_problems import named
from kbq_tui.shell.operation_rows import outcome_of

GRACE = 0.8
"""Seconds that a running change is given when the operator quits; one that takes longer is left to the journal."""

UNCLEAR_KEYS = 3
"""How often a key is requested if its creation ends unclearly and leaves nothing behind."""


@dataclass(slots=True)
class Outcome:
    """The result of an apply.

    Attributes:
        plan: the plan that was carried out (with several rounds, all of them together).
        done: ids of actions that succeeded; no-ops are not among them.
        failed: by action id, the reason.
        skipped: by action id, the id of the failed action that it depends on.
        key: the key file that was created or existed, if known.
        project_seen: whether Google has shown the project.
    """

    plan: Plan
    done: list[str] = field(default_factory=list)
    failed: dict[str, Problem] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    key: LocalKey | None = None
    project_seen: bool = False

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem that blocks something, those of blocked actions first; each once."""
        seen: dict[tuple[str | None, Message], Problem] = {}
        for problem in [*(b.problem for b in self.plan.blocked), *self.failed.values()]:
            seen.setdefault((problem.code, problem.cause), problem)
        return tuple(seen.values())

    @property
    def complete(self) -> bool:
        """Whether nothing failed and nothing was left out."""
        return not self.problems and not self.skipped


async def apply(
    spec: ConnectionSpec,
    ports: Ports,
    emit: Emit,
    *,
    expected: str | None = None,
    only: Step | None = None,
    patience: Patience | None = None,
    remove_over_grants: bool = False,
) -> Outcome:
    """Read the present state again, and do what is missing. What others own is never changed.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event, on the event loop.
        expected: fingerprint of the plan that the operator agreed to; another plan is refused.
        only: apply the actions of one step (those it needs must be in place).
        patience: how long to wait for changes to take effect.
        remove_over_grants: also remove what the account holds beyond what it needs.

    Raises:
        ProblemError: the plan is stale (`KBQ-STALE-PLAN`); nothing was changed.
    """
    patience = patience or Patience()
    seen = await observe(spec, ports, everywhere=remove_over_grants)
    plan = _part(ports.named_plan(diff(spec, seen, remove_over_grants=remove_over_grants)), only)
    if expected is not None and plan.fingerprint != expected:
        raise ProblemError(ports.named(catalogue.problem(Code.STALE_PLAN, context_of(spec, plan.location))))
    runner = Runner(spec, ports, emit, patience)
    runner.outcome.project_seen = isinstance(seen.project, Present)
    services = tuple(a for a in plan.changes if isinstance(a.op, EnableService))
    if services and plan.blocked:
        # Nothing behind a disabled API could be read. Enable it, read again, and only then decide about the rest.
        await runner.run(services)
        if not runner.outcome.failed:
            seen = await runner.look_again(everywhere=remove_over_grants)
            plan = _part(ports.named_plan(diff(spec, seen, remove_over_grants=remove_over_grants)), only)
    done_before = list(runner.outcome.done)
    runner.outcome.plan = plan
    await runner.run(a for a in plan.changes if a.id not in done_before)
    return runner.outcome


def _part(plan: Plan, only: Step | None) -> Plan:
    return plan if only is None else plan.step(only)


class Runner:
    """Runs actions in the order of their needs, each in its own task.

    Args:
        spec: the connection.
        ports: the outside world.
        emit: called with each event.
        patience: how long to wait for changes to take effect.
    """

    def __init__(self, spec: ConnectionSpec, ports: Ports, emit: Emit, patience: Patience) -> None:
        self.spec = spec
        self.ports = ports
        self.patience = patience
        self.outcome = Outcome(Plan(spec.name, ()))
        self._emit = event_log.events(emit)
        self._waits = Waits(ports.clock, patience, self._emit)
        self._journal_read = False
        self._intended: set[str] = set()

    async def run(self, actions: Iterable[Action]) -> None:
        """Run the actions and wait for all of them. Actions that have begun are finished even if the caller is
        cancelled."""
        if not self._journal_read:
            self._waits.add(*await own_changes(self.spec, self.ports))
            self._journal_read = True
        todo = {a.id: a for a in actions}
        ended = {i: asyncio.Event() for i in todo}

        async def one(action: Action) -> None:
            try:
                for need in action.needs:
                    if need in ended:
                        await ended[need].wait()
                blocker = next(
                    (n for n in action.needs if n in self.outcome.failed or n in self.outcome.skipped), None
                ) or next((b.id for b in self.outcome.plan.blocked if b.id in action.needs), None)
                if blocker is not None:
                    self.outcome.skipped[action.id] = blocker
                    self._say(EventKind.SKIPPED, action, message("not done, because {blocker} failed", blocker=blocker))
                else:
                    await self._act(action)
            finally:
                ended[action.id].set()

        async with asyncio.TaskGroup() as group:
            for action in todo.values():
                group.create_task(one(action))

    async def look_again(self, *, everywhere: bool = False) -> Observed:
        """Observe until nothing is hidden by an API that was just enabled, or patience ends."""
        wait = self._waits.begin("services")
        while True:
            seen = await observe(self.spec, self.ports, everywhere=everywhere)
            hidden = [b.problem for b in diff(self.spec, seen).blocked if b.problem.code == Code.API_DISABLED]
            if not hidden or not await wait.again(hidden[0]):
                return seen

    async def _act(self, action: Action) -> None:
        began = self.ports.clock.monotonic()
        wait = self._waits.begin(action.id, began)
        self._say(EventKind.STARTED, action, action.summary)
        while True:
            problem = await self._finish(action, began)
            if problem is None:
                return
            problem = self._waits.settled(problem, self.spec.account_email)
            if not await wait.again(problem, *CALLS[type(action.op)].waits_for(action.op)):
                self.outcome.failed[action.id] = problem
                await self._settle(EventKind.FAILED, action, problem.title, problem, began)
                return

    async def _finish(self, action: Action, began: float) -> Problem | None:
        """Try once. If the caller is cancelled, the call is still finished (unless it hangs), because its outcome
        matters."""
        attempt = asyncio.ensure_future(self._attempt(action, began))
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            done, _ = await asyncio.wait([attempt], timeout=GRACE)
            if done and (problem := attempt.result()) is not None:
                await self._settle(EventKind.FAILED, action, problem.title, problem, began)
            raise

    async def _attempt(self, action: Action, began: float) -> Problem | None:
        """Try once. Returns why it did not succeed, or None."""
        try:
            if action.id not in self._intended:
                await offload(lambda: self.ports.journal.intend(action.id, action.resource.name))
                self._intended.add(action.id)
            text, changed = await self._do(action)
        except ProblemError as error:
            return self.ports.named(named(error.problem, self.spec))
        self.outcome.done.append(action.id)
        if changed:
            self._waits.made(action.key)
        await self._settle(EventKind.FINISHED, action, text, began=began, changed=changed)
        return None

    async def _do(self, action: Action) -> tuple[Message, bool]:
        """Carry out an action. Returns the sentence about it, and whether anything was changed."""
        if isinstance(action.op, CreateKey):
            return await self._create_key(action, frozenset(action.op.known)), True
        run = CALLS[type(action.op)].run
        assert run is not None, f"{type(action.op).__name__} has no call"
        changed = await run(self.ports.cloud, self.spec.project, action.op)
        return outcome_of(action, changed=changed), changed

    async def _create_key(self, action: Action, known: frozenset[str]) -> Message:
        """Reserve the place first, so that no key is created that cannot be stored."""
        spec, keys = self.spec, self.ports.keys
        slot = await offload(lambda: keys.reserve(spec.key_file, spec.project, spec.account_email))
        try:
            secret = await self._new_key(known)
        except BaseException:
            await offload(slot.abandon)
            raise
        try:
            local = await offload(lambda: slot.commit(secret))
        except ProblemError as error:
            await offload(slot.abandon)
            raise ProblemError(await self._undo_key(error.problem, secret)) from error
        self.outcome.key = local
        kept = outcome_of(action, changed=True, key=local.key_id[:12], path=local.path)
        notes = (*(warning.cause for warning in local.warnings), *local.notes)
        return joined(" ", joined("", kept, "."), *notes) if notes else kept

    async def _new_key(self, known: frozenset[str]) -> Secret:
        """Request a key; again if the answer was lost and Google's own list shows that none was created.

        Raises:
            ProblemError: refused, or unclear; a key that was created but never arrived is named, for deletion.
        """
        cloud, project, email = self.ports.cloud, self.spec.project, self.spec.account_email
        for attempt in range(1, UNCLEAR_KEYS + 1):
            try:
                return await cloud.create_key(project, email)
            except ProblemError as error:
                if error.problem.code != Code.KEY_OUTCOME_UNKNOWN:
                    raise
                problem = self.ports.named(error.problem)
            try:
                lost = sorted({k.id for k in await cloud.keys(project, email)} - known)
            except ProblemError as error:
                raise ProblemError(problem) from error  # the operator has to know that a key may exist
            if lost:
                step = RemedyStep(
                    message("A key was made whose answer never came; nobody holds it. Delete it:"),
                    (self.ports.ours(f"key delete {lost[0]}"),),
                )
                raise ProblemError(
                    replace(problem, steps=(step, *problem.steps), details={**problem.details, "key_id": lost[0]})
                )
            if attempt < UNCLEAR_KEYS:
                await self.ports.clock.sleep(self.patience.first)
        raise ProblemError(problem)

    async def _undo_key(self, why: Problem, secret: Secret) -> Problem:
        """Delete a key at Google that could not be written, because nobody can use it, and report whether that
        worked."""
        key_id = key_id_of(secret)
        step = RemedyStep(message("The new key was deleted at Google again; nothing is left behind."))
        try:
            await self.ports.cloud.delete_key(self.spec.project, self.spec.account_email, key_id)
        except ProblemError as error:
            failed = message(
                "The new key {key} could not be deleted at Google ({why}). Delete it:",
                key=key_id,
                why=error.problem.title,
            )
            step = RemedyStep(failed, (self.ports.ours(f"key delete {key_id}"),))
        return replace(why, steps=(*why.steps, step), details={**why.details, "key_id": key_id})

    async def _settle(
        self,
        kind: EventKind,
        action: Action,
        text: Message,
        problem: Problem | None = None,
        began: float = 0.0,
        *,
        changed: bool = True,
    ) -> None:
        now, elapsed = self.ports.clock.now(), self.ports.clock.monotonic() - began
        event = Event(kind, action.id, now, text, problem, elapsed, changed=changed)
        try:
            await offload(lambda: self.ports.journal.settle(event))
        except ProblemError:
            # The change itself is made and must be reported; the next run finds it in the cloud, not in the journal.
            event = replace(event, text=message("{text} (the journal could not be written)", text=event.text))
        self._emit(event)

    def _say(
        self,
        kind: EventKind,
        action: Action,
        text: Message,
        problem: Problem | None = None,
        elapsed: float = 0.0,
        limit: float = 0.0,
    ) -> None:
        self._emit(Event(kind, action.id, self.ports.clock.now(), text, problem, elapsed, limit))
