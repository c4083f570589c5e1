"""The set-up of one connection, used by both faces: what was typed and read, what is planned, what is running.

A face drives it step by step and shows it; it neither asks questions nor draws.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.engine.services import AppServices, Login
from kbq_tui.engine.setup_input import STEPS
from kbq_tui.engine.setup_phase import LIMITS, Note, Phase
from kbq_tui.engine.setup_state import SetupState
from kbq_tui.engine.skippable_clock import SkippableClock, true_seconds
from kbq_tui.i18n.messages import joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ConnectionSpec, normal_location
from kbq_tui.model.steps import Step

if TYPE_CHECKING:  # what the first frame does not need is imported later
    from kbq_tui.engine.apply import Outcome
    from kbq_tui.engine.ports import Cloud, Ports
    from kbq_tui.engine.waiting import Patience
    from kbq_tui.model.checks import CheckResult
    from kbq_tui.model.events import Event
    from kbq_tui.model.observed import Observed
    from kbq_tui.model.plan import Plan

__all__ = ["STEPS", "SetupSession"]


def _unheard(_: object) -> None:
    """Ignore an event: the face draws the session's state instead."""


class SetupSession(SetupState):
    """One guided set-up.

    Args:
        services: everything a face needs.
        changed: called after each change of state, on the event loop; draws the screen.
        strict: whether a store that cannot be read or written raises ProblemError; otherwise a note says so, and the
            set-up continues.

    Attributes:
        cloud: Google as the operator sees it; None before the sign-in.
        clock: the time, with waits that can be skipped.
    """

    def __init__(
        self, services: AppServices, changed: Callable[[], None] = lambda: None, *, strict: bool = False
    ) -> None:
        super().__init__(services, changed, strict=strict)
        self.cloud: Cloud | None = None
        self.clock = SkippableClock(services.clock)
        self._again = False
        self._looking = False
        self._free = asyncio.Event()
        self._free.set()

    def stand_on(self, step: Step) -> None:
        """Show another step, and clear the failures of this one."""
        if step is not self.step:
            self.failed = {}
        super().stand_on(step)

    def go(self, step: Step) -> None:
        """Go to another step. A new connection with a key is saved from step 3 on; 4 to 5 asks for the checks."""
        from kbq_tui.model.observed import Present

        forward = STEPS.index(step) > STEPS.index(self.step)
        key = self.observed.key if self.observed is not None and self.current else None
        if forward and not self.filed and self.step is Step.ACCOUNT and isinstance(key, Present):
            self.confirm()
        self.checks_due = (self.step, step) == (Step.PERMISSIONS, Step.VERIFY)
        super().go(step)
        if forward and not (self.saved is not None and self.saved.finished):
            self._remember_project()

    def _remember_project(self) -> None:
        """Remember that the project was used, if Google has shown it and the connection exists."""
        from kbq_tui.model.observed import Present

        seen = self.observed if self.current and self.filed else None
        if seen is not None and isinstance(seen.project, Present):
            try:
                self.services.store.remember_project(seen.project.value.id)
            except ProblemError as error:
                self.store_failed(error)

    # -- signing in and reading -----------------------------------------------------------------------------------

    async def sign_in(self, *, allow_gcloud: bool = False) -> bool:
        """Find the operator's credentials. Returns whether that succeeded. Waits for other work first."""
        asked = self.sign_in_problem is not None or allow_gcloud
        await self._free.wait()
        if self.cloud is not None and self.sign_in_problem is None and not asked:
            return True
        self.sign_in_problem = None
        try:
            async with self._limited(Phase.SIGNING_IN):
                self.cloud = await self.services.sign_in(allow_gcloud=allow_gcloud)
                self.identity = await self.cloud.identity()
        except ProblemError as error:
            self.sign_in_problem = self.services.named(error.problem, self.draft.name)
        except TimeoutError:
            self._timed_out(Phase.SIGNING_IN)
        return self.cloud is not None and self.sign_in_problem is None

    def use_login(self, login: Login) -> None:
        """Change how to sign in from now on; what was given at the start counts for what the login leaves open."""
        if self.services.choose_login is not None:
            self.services = replace(self.services, sign_in=self.services.choose_login(login))
            self.cloud, self.identity = None, None

    async def look(self) -> None:
        """Read the project and plan. If another request comes meanwhile, it reads once more, with what is typed
        then."""
        if self._looking:
            self._again = True
            return
        self._looking = True
        try:
            while True:
                await self._free.wait()
                self._again = False
                if (self.cloud is None or self.sign_in_problem is not None) and not await self.sign_in():
                    return
                await self._look_once()
                if not self._again or self.current:
                    return
        finally:
            self._looking = False

    async def _look_once(self) -> None:
        spec = self.spec()
        if spec is None or self.cloud is None:
            return
        from kbq_tui.engine.observe import observe

        self.parts = set()
        try:
            async with self._limited(Phase.LOOKING):
                observed = await observe(spec, self.ports(spec), self._part)
        except TimeoutError:
            self._timed_out(Phase.LOOKING)
            return
        except ProblemError as error:
            self.store_failed(error)
            return
        first = self.looked is None
        self.take(spec, observed)
        if first and not self.note:  # signing in and reading have used the note for themselves
            self.say_interrupted()

    def take(self, spec: ConnectionSpec, observed: Observed) -> None:
        """Take over what was observed: adopt the location of existing datasets, and plan."""
        from kbq_tui.model.observed import Present
        from kbq_tui.planning.diff import diff
        from kbq_tui.planning.locations import adopted, location_to_adopt

        if (there := location_to_adopt(spec, observed)) is not None:
            if normal_location(self.draft.location) == spec.location:
                self.adopt(location=there)
            self.say(adopted(there))
            spec = spec.with_location(there)
        self.looked, self.observed = spec, observed
        self.plan = self.ports(spec).named_plan(diff(spec, observed))
        if isinstance(observed.identity, Present):
            self.identity = observed.identity.value
        self.changed()

    def ports(self, spec: ConnectionSpec) -> Ports:
        """Return the ports for a connection; its waits can be skipped by a key press."""
        assert self.cloud is not None
        return replace(self.services.ports(self.cloud, spec.name), clock=self.clock)

    # -- changing -------------------------------------------------------------------------------------------------

    def removal(self) -> Plan | None:
        """Return the plan that also removes what the account holds beyond what it needs; None if that is nothing."""
        spec, seen = self.looked, self.observed
        warnings = self.plan.warnings if self.plan is not None and self.current else ()
        if spec is None or seen is None or not any(w.code == Code.OVER_GRANT for w in warnings):
            return None
        from kbq_tui.planning.diff import diff

        plan = self.ports(spec).named_plan(diff(spec, seen, remove_over_grants=True))
        return plan if any(a.is_removal for a in (*plan.changes, *(b.action for b in plan.blocked))) else None

    async def seek_removal(self) -> Plan | None:
        """Read everything that the account holds beyond what it needs.

        Returns:
            The plan that also removes it; None if nothing was found, which a note says.
        """
        spec = self.spec()
        if spec is None or self.cloud is None or self.busy:
            return None
        from kbq_tui.engine.observe import observe

        try:
            async with self._limited(Phase.LOOKING_EVERYWHERE):
                observed = await observe(spec, self.ports(spec), everywhere=True)
        except TimeoutError:
            self._timed_out(Phase.LOOKING_EVERYWHERE)
            return None
        except ProblemError as error:
            self.store_failed(error)
            return None
        self.take(spec, observed)
        plan = self.removal()
        if plan is None:
            nothing = message("The account holds nothing beyond its need that could be taken away here.")
            unseen = observed.elsewhere.unseen if observed.elsewhere is not None else ()
            self.say(joined(" ", nothing, *(joined("", p.title, ".") for p in unseen)), bad=bool(unseen))
        return plan

    async def apply(
        self, step: Step, removal: Plan | None = None, *, emit: Callable[[Event], None] = _unheard
    ) -> Outcome | None:
        """Carry out one step's part of the plan, as it was shown: the operator has agreed, so the connection exists.

        Args:
            step: the step.
            removal: the plan that was agreed to, if it removes over-grants.
            emit: called with every event.

        Returns:
            The result; None if there is no plan, or something else is running.

        Raises:
            ProblemError: nothing was begun, for example because the state is no longer the one that was shown.
        """
        part, spec = removal.step(step) if removal is not None else self.part(step), self.spec()
        if part is None or spec is None or self.cloud is None or self.busy:
            return None
        from kbq_tui.engine.apply import apply

        async def work(ports: Ports, patience: Patience) -> Outcome:
            shown, self.plan = self.plan, removal or self.plan
            try:
                return await apply(
                    spec,
                    ports,
                    lambda event: self._event(event, emit),
                    expected=part.fingerprint,
                    only=step,
                    patience=patience,
                    remove_over_grants=removal is not None,
                )
            finally:
                self.plan = shown

        return await self._change(spec, work)

    async def delete_key(self, key_id: str) -> Outcome | None:
        """Delete a key that is not stored here. Returns and raises as `apply`."""
        spec = self.spec()
        if spec is None or self.cloud is None or self.busy:
            return None
        from kbq_tui.engine.keys import delete_key

        async def work(ports: Ports, patience: Patience) -> Outcome:
            return (
                await delete_key(
                    spec, ports, lambda event: self._event(event, _unheard), patience, key_id, unheld_only=True
                )
            )[0]

        return await self._change(spec, work)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Prevent other work while something is changed: the operator has agreed, so the connection exists."""
        self.rows, self.failed = {}, {}
        self.clock = SkippableClock(self.services.clock)
        with self.working(Phase.APPLYING):
            self.confirm()
            self._remember_project()
            yield

    def stand_in(self, phase: Phase) -> None:
        """Note the phase of the change that is running."""
        if phase is not self.phase:
            self.phase, self.since = phase, self.services.clock.monotonic()
        self.changed()

    async def _change(self, spec: ConnectionSpec, work: Callable[[Ports, Patience], Awaitable[Outcome]]) -> Outcome:
        """Change something, and save the result."""
        from kbq_tui.engine.services import patience_of

        with self.changing():
            outcome = await work(self.ports(spec), patience_of(self.services))
            self.applied |= set(outcome.done)
            self.failed = outcome.failed
            if outcome.done:
                self.verified = False
        return outcome

    async def verify(
        self, *, emit: Callable[[Event], None] = _unheard, told: Callable[[CheckResult], None] = _unheard
    ) -> tuple[CheckResult, ...]:
        """Run every check with the key, and save the verdicts if the connection exists.

        Args:
            emit: called with every event.
            told: called with every verdict.

        Returns:
            The verdicts; none if nothing could be run.

        Raises:
            ProblemError: the checks could not be run, or their verdicts could not be saved.
        """
        spec = self.spec()
        if spec is None or self.busy or (self.cloud is None and not await self.sign_in()):
            return ()
        from kbq_tui.engine.services import patience_of
        from kbq_tui.engine.verify.runner import verify

        self.results, self.running, self.verified, self.verified_at = {}, {}, False, None
        self.clock = SkippableClock(self.services.clock)
        with self.working(Phase.VERIFYING):
            try:
                results = await verify(
                    spec,
                    self.ports(spec),
                    told=lambda result: self._told(result, told),
                    emit=lambda event: self._check_event(event, emit),
                    patience=patience_of(self.services),
                    location=self.plan.location if self.plan and self.current else None,
                )
            finally:
                self.running = {}  # stopped in the middle: nothing is running any more
            results = tuple(self.results[r.id] for r in results)
            self.verified, self.verified_at = True, self.services.clock.now()
            if self.healthy and not self.filed:
                self.confirm()
            if self.record is not None and self.record.holds(spec):
                self.services.store.save_verify(spec, results)
        return results

    # -- phases and events ---------------------------------------------------------------------------------------

    @contextmanager
    def working(self, phase: Phase) -> Iterator[None]:
        """Be in a phase, during which nothing else can be begun."""
        self.phase, self.since = phase, self.services.clock.monotonic()
        self._free.clear()
        self.note = None
        self.changed()
        try:
            yield
        finally:
            self.phase = Phase.READY
            self._free.set()
            self.changed()

    @asynccontextmanager
    async def _limited(self, phase: Phase) -> AsyncIterator[None]:
        """A phase that raises TimeoutError when its limit has passed."""
        with self.working(phase):
            async with asyncio.timeout(LIMITS[phase]):
                yield

    def _timed_out(self, phase: Phase) -> None:
        text = message("Google did not answer in time.")
        if phase is Phase.SIGNING_IN:
            text = message("Google did not answer the sign-in within a minute.")
        self.note = Note(text, bad=True, timed_out=phase)
        self.changed()

    def _part(self, name: str) -> None:
        self.parts.add(name)
        self.changed()

    def _event(self, event: Event, emit: Callable[[Event], None] = _unheard) -> None:
        event = replace(event, elapsed=true_seconds(event.elapsed))
        self.rows[event.action] = event
        emit(event)
        self.changed()

    def _told(self, result: CheckResult, told: Callable[[CheckResult], None]) -> None:
        result = replace(result, seconds=true_seconds(result.seconds))
        self.results[result.id] = result
        self.running.pop(result.id, None)
        told(result)
        self.changed()

    def _check_event(self, event: Event, emit: Callable[[Event], None]) -> None:
        event = replace(event, elapsed=true_seconds(event.elapsed))
        self.running[event.action] = event
        emit(event)
        self.changed()
