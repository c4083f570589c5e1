"""The flow, without a screen: what was typed, what was seen, what is planned, what is going on. Screens draw it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.engine.services import AppServices
from kbq_tui.i18n.messages import render, translate, translate_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec, normal_location
from kbq_tui.model.steps import Change, Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.setup_input import STEPS, SetupInput
from kbq_tui.tui.skippable_clock import Busy, SkippableClock, true_seconds

if TYPE_CHECKING:  # what the first frame does not need is loaded when it is
    from kbq_tui.engine.apply import Outcome
    from kbq_tui.engine.ports import Cloud, Ports
    from kbq_tui.engine.waiting import Patience
    from kbq_tui.model.checks import CheckResult
    from kbq_tui.model.events import Event
    from kbq_tui.model.observed import Identity, KeyInfo, Observed
    from kbq_tui.model.plan import Blocked, Plan
    from kbq_tui.model.summary import Summary

__all__ = ["STEPS", "SetupController"]

LOOK_LIMIT = 90.0
"""Seconds after which a look at the project is given up. Each call has a deadline of its own; this is the sum."""
SIGN_IN_LIMIT = 60.0


class SetupController(SetupInput):
    """One run of the guided set-up.

    Args:
        services: everything a face needs.
        changed: called after each change of state, on the event loop; draws the screen.
    """

    def __init__(self, services: AppServices, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(services, changed)
        self.cloud: Cloud | None = None
        self.identity: Identity | None = None
        self.sign_in_problem: Problem | None = None
        self.busy: Busy | None = None
        self.looked: ConnectionSpec | None = None
        self.observed: Observed | None = None
        self.plan: Plan | None = None
        self.parts: set[str] = set()
        self.look_problem: Problem | None = None
        self.rows: dict[str, Event] = {}
        self.failed: dict[str, Problem] = {}
        self.applied: set[str] = set()
        self.results: dict[str, CheckResult] = {}
        self.running: dict[str, Event] = {}
        self.verified = False
        self.clock = SkippableClock(services.clock)
        self._again = False
        self._looking = False
        self._free = asyncio.Event()
        self._free.set()

    def stand_on(self, step: Step) -> None:
        """Show another step, and leave behind what failed on this one."""
        if step is not self.step:
            self.failed = {}
        super().stand_on(step)

    def go(self, step: Step) -> None:
        """Go to another step. A new connection whose key is there already exists from the account's step on."""
        from kbq_tui.model.observed import Present

        forward = STEPS.index(step) > STEPS.index(self.step)
        key = self.observed.key if self.observed is not None and self.current else None
        if forward and not self.filed and self.step is Step.ACCOUNT and isinstance(key, Present):
            self.confirm()
        super().go(step)
        if forward and not (self.saved is not None and self.saved.finished):
            self._remember_project()

    def _remember_project(self) -> None:
        """Remember that the project was used: one that Google has shown, of a connection that exists."""
        from kbq_tui.model.observed import Present

        seen = self.observed if self.current and self.filed else None
        if seen is not None and isinstance(seen.project, Present):
            try:
                self.services.store.remember_project(seen.project.value.id)
            except ProblemError as error:
                self.say(f"{render(error.problem.title)}: {render(error.problem.cause)}", bad=True)

    # -- signing in and looking ----------------------------------------------------------------------------------

    @property
    def current(self) -> bool:
        """Whether what was seen belongs to what is typed now."""
        return self.looked is not None and self.looked == self.spec()

    @property
    def context(self) -> Context:
        """What is known of the connection, for judging a fault and filling the blanks in remedies."""
        spec = self.spec()
        operator = self.identity.principal if self.identity else ""
        if spec is None:
            return Context(operator=operator)
        from kbq_tui.planning.diff import context_of

        return replace(context_of(spec, self.plan.location if self.plan else None), operator=operator)

    async def sign_in(self, *, allow_gcloud: bool = False) -> bool:
        """Find the operator's credentials. Returns whether that went well. Waits for what else is going on."""
        asked = self.sign_in_problem is not None or allow_gcloud
        await self._free.wait()
        if self.cloud is not None and self.sign_in_problem is None and not asked:
            return True
        self.sign_in_problem = None
        self._begin(translate("Signing in to Google"), SIGN_IN_LIMIT)
        try:
            async with asyncio.timeout(SIGN_IN_LIMIT):
                self.cloud = await self.services.sign_in(allow_gcloud=allow_gcloud)
                self.identity = await self.cloud.identity()
        except ProblemError as error:
            self.sign_in_problem = self.services.named(error.problem, self.draft.name)
        except TimeoutError:
            again = keyboard.face("refresh")
            self.say(
                translate("Google did not answer the sign-in within a minute. {key} tries again.", key=again), bad=True
            )
        finally:
            self._end()
        return self.cloud is not None and self.sign_in_problem is None

    async def look(self) -> None:
        """Look at the project and plan. Another request meanwhile makes it look once more, with what is typed then."""
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
        self.look_problem = None
        self._begin(translate("Looking at the project"), LOOK_LIMIT)
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                observed = await observe(spec, self.ports(spec), self._part)
        except TimeoutError:
            self.say(
                translate("Google did not answer in time. {key} tries again.", key=keyboard.face("refresh")), bad=True
            )
            return
        finally:
            self._end()
        first = self.looked is None
        self.take(spec, observed)
        if first and not self.note:  # signing in and looking have taken the line for themselves
            self.say_interrupted()

    def take(self, spec: ConnectionSpec, observed: Observed) -> None:
        """Take over what was observed: adopt the location of what exists, and plan."""
        from kbq_tui.model.observed import Present
        from kbq_tui.planning.diff import diff
        from kbq_tui.planning.locations import adopted, location_to_adopt

        if (there := location_to_adopt(spec, observed)) is not None:
            if normal_location(self.draft.location) == spec.location:
                self.adopt(location=there)
            self.say(render(adopted(there)))
            spec = spec.with_location(there)
        self.looked, self.observed = spec, observed
        self.plan = self.ports(spec).named_plan(diff(spec, observed))
        if isinstance(observed.identity, Present):
            self.identity = observed.identity.value
        self.changed()

    def ports(self, spec: ConnectionSpec) -> Ports:
        """Return what the use cases need for a connection; waits can be skipped by a key."""
        assert self.cloud is not None
        return replace(self.services.ports(self.cloud, spec.name), clock=self.clock)

    @property
    def causes(self) -> tuple[Problem, ...]:
        """Return the failures that explain why the project could not be read."""
        return self.plan.causes if self.plan is not None and self.current else ()

    @property
    def stopped(self) -> bool:
        """Whether one failure keeps everything else from being known."""
        if not self.causes:
            return False
        from kbq_tui.engine.health import stopped

        return stopped(self.causes)

    @property
    def answered(self) -> bool:
        """Whether Google has answered a call that was made with the credentials."""
        return self.looked is not None and not self.unreached

    @property
    def unreached(self) -> bool:
        """Whether Google answered nothing at all."""
        if not self.causes:
            return False
        from kbq_tui.engine.health import outage_of

        return outage_of(self.causes) is not None

    # -- doing ---------------------------------------------------------------------------------------------------

    def part(self, step: Step) -> Plan | None:
        """Return one step's part of the plan; None while it is not known."""
        return self.plan.step(step) if self.plan is not None and self.current else None

    def pending(self, step: Step) -> tuple[str, ...]:
        """Return the ids of what one step still has to change. What we made and Google does not show yet is not due."""
        part = self.part(step)
        return tuple(a.id for a in part.changes if a.id not in self.applied) if part else ()

    def blocked(self, step: Step) -> tuple[Blocked, ...]:
        """Return what is blocked in a step; a key we made a moment ago that Google does not list yet is not."""
        part = self.part(step)
        return tuple(b for b in part.blocked if b.id not in self.applied) if part else ()

    def removal(self) -> Plan | None:
        """Return the plan that takes away, too, what the account holds beyond its need; None where that is nothing."""
        spec, seen = self.looked, self.observed
        warnings = self.plan.warnings if self.plan is not None and self.current else ()
        if spec is None or seen is None or not any(w.code == Code.OVER_GRANT for w in warnings):
            return None
        from kbq_tui.planning.diff import diff

        plan = self.ports(spec).named_plan(diff(spec, seen, remove_over_grants=True))
        return plan if any(a.is_removal for a in (*plan.changes, *(b.action for b in plan.blocked))) else None

    async def seek_removal(self) -> Plan | None:
        """Look everywhere for what the account holds beyond its need.

        Returns:
            The plan that takes it away, too; None where nothing was found, which is said.
        """
        spec = self.spec()
        if spec is None or self.cloud is None or self.busy is not None:
            return None
        from kbq_tui.engine.observe import observe

        self._begin(translate("Looking for all that the account holds"), LOOK_LIMIT)
        try:
            async with asyncio.timeout(LOOK_LIMIT):
                observed = await observe(spec, self.ports(spec), everywhere=True)
        except TimeoutError:
            self.say(
                translate("Google did not answer in time. {key} tries again.", key=keyboard.face("remove")), bad=True
            )
            return None
        finally:
            self._end()
        self.take(spec, observed)
        plan = self.removal()
        if plan is None:
            nothing = translate("The account holds nothing beyond its need that could be taken away here.")
            unseen = observed.elsewhere.unseen if observed.elsewhere is not None else ()
            self.say(" ".join([nothing, *(f"{render(p.title)}." for p in unseen)]), bad=bool(unseen))
        return plan

    def leftovers(self) -> tuple[KeyInfo, ...]:
        """Return the keys at Google that are not kept here; not those we have just deleted and Google still shows."""
        from kbq_tui.model.observed import unheld_keys

        keys = unheld_keys(self.observed) if self.observed is not None and self.current else ()
        return tuple(k for k in keys if self.deletion_id(k.id) not in self.applied)

    def deletion_id(self, key_id: str) -> str:
        """Return the id of the action that deletes a key."""
        from kbq_tui.engine.keys import deletion

        return deletion(self.looked, key_id).id if self.looked is not None else ""

    async def apply(self, step: Step, removal: Plan | None = None) -> Problem | None:
        """Carry out one step's part of the plan, as it was shown.

        Args:
            step: the step.
            removal: the plan that was agreed to, where it takes over-grants away.

        Returns:
            The first thing that went wrong.
        """
        part, spec = removal.step(step) if removal is not None else self.part(step), self.spec()
        if part is None or spec is None or self.cloud is None or self.busy is not None:
            return None
        from kbq_tui.engine.apply import apply

        async def work(ports: Ports, patience: Patience) -> Outcome:
            shown, self.plan = self.plan, removal or self.plan
            try:
                return await apply(
                    spec,
                    ports,
                    self._event,
                    expected=part.fingerprint,
                    only=step,
                    patience=patience,
                    remove_over_grants=removal is not None,
                )
            finally:
                self.plan = shown

        return await self._change(spec, work)

    async def delete_key(self, key_id: str) -> Problem | None:
        """Delete a key that is not kept here. Returns what went wrong."""
        spec = self.spec()
        if spec is None or self.cloud is None or self.busy is not None:
            return None
        from kbq_tui.engine.keys import delete_key

        async def work(ports: Ports, patience: Patience) -> Outcome:
            return (await delete_key(spec, ports, self._event, patience, key_id, unheld_only=True))[0]

        return await self._change(spec, work)

    async def _change(
        self, spec: ConnectionSpec, work: Callable[[Ports, Patience], Awaitable[Outcome]]
    ) -> Problem | None:
        """Change something, say what came of it, and look again. Returns the first thing that went wrong."""
        from kbq_tui.engine.services import patience_of

        self.rows, self.failed = {}, {}
        self.clock = SkippableClock(self.services.clock)
        problem: Problem | None = None
        self._begin(translate("Working"), writing=True)
        self.confirm()
        self._remember_project()
        try:
            outcome = await work(self.ports(spec), patience_of(self.services))
        except ProblemError as error:
            problem = self.look_problem = self.services.named(error.problem, spec.name)
            self.say(f"{render(error.problem.title)}. {render(error.problem.cause)}", bad=True)
        else:
            problem = next(iter(outcome.failed.values()), None)
            self.applied |= set(outcome.done)
            self.failed = outcome.failed
            if outcome.failed or outcome.skipped:
                undone = len(outcome.failed) + len(outcome.skipped)
                self.say(translate("{done} done, {undone} not.", done=len(outcome.done), undone=undone), bad=True)
            elif outcome.done:
                self.say(translate_n("Done.", "{n} done.", len(outcome.done)))
                self.verified = False
        finally:
            self._end()
        note, bad = self.note, self.note_bad
        await self.look()
        if note and not self.note:
            self.say(note, bad=bad)
        return problem

    async def verify(self) -> None:
        """Run every check with the key."""
        spec = self.spec()
        if spec is None or self.busy is not None:
            return
        if self.cloud is None and not await self.sign_in():
            return
        from kbq_tui.engine.services import patience_of
        from kbq_tui.engine.verify.runner import verify

        self.results, self.running, self.verified = {}, {}, False
        self.clock = SkippableClock(self.services.clock)
        self._begin(translate("Checking with the key"))
        try:
            results = await verify(
                spec,
                self.ports(spec),
                told=self._told,
                emit=self._check_event,
                patience=patience_of(self.services),
                location=self.plan.location if self.plan and self.current else None,
            )
            self.verified = True
            if self.healthy and self.record is not None and not self.record.filed:
                self.confirm()
            if self.record is not None and self.record.holds(spec):
                self.services.store.save_verify(spec.name, tuple(self.results[r.id] for r in results))
        except ProblemError as error:
            self.say(f"{render(error.problem.title)}: {render(error.problem.cause)}", bad=True)
        finally:
            self.running = {}  # stopped in the middle, nothing runs any more
            self._end()

    @property
    def healthy(self) -> bool:
        """Whether the last verification is of the connection as it is now, and no check failed."""
        from kbq_tui.model.checks import healthy

        return self.verified and healthy(tuple(self.results.values()))

    @property
    def waiting(self) -> bool:
        """Whether something waits for a change to arrive, so that trying now or giving up means something."""
        from kbq_tui.model.events import EventKind

        return self.busy is not None and any(
            e.kind is EventKind.WAITING for e in (*self.rows.values(), *self.running.values())
        )

    def summary(self) -> Summary | None:
        """Return the values for Klaviyo, as far as they are known; None while the connection is not even typed."""
        from kbq_tui.model.observed import value_of
        from kbq_tui.model.summary import Summary

        spec = self.spec()
        if spec is None:
            return None
        local = value_of(self.observed.key) if self.observed is not None and self.current else None
        path = local.path if local is not None else spec.key_file
        location = self.plan.location if self.plan is not None and self.current else spec.location
        return Summary.of(spec, path, location)

    def changing(self, step: Step) -> bool:
        """Whether a step's part of the plan changes something that is not made yet."""
        part = self.part(step)
        return part is not None and any(a.change is not Change.NOOP and a.id not in self.applied for a in part.actions)

    # -- events --------------------------------------------------------------------------------------------------

    def _begin(self, what: str, limit: float = 0.0, *, writing: bool = False) -> None:
        self.busy = Busy(what, self.services.clock.monotonic(), limit, writing)
        self._free.clear()
        self.note = ""
        self.changed()

    def _end(self) -> None:
        self.busy = None
        self._free.set()
        self.changed()

    def _part(self, name: str) -> None:
        self.parts.add(name)
        self.changed()

    def _event(self, event: Event) -> None:
        self.rows[event.action] = replace(event, elapsed=true_seconds(event.elapsed))
        self.changed()

    def _told(self, result: CheckResult) -> None:
        self.results[result.id] = replace(result, seconds=true_seconds(result.seconds))
        self.running.pop(result.id, None)
        self.changed()

    def _check_event(self, event: Event) -> None:
        self.running[event.action] = replace(event, elapsed=true_seconds(event.elapsed))
        self.changed()
