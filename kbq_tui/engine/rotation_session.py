"""A key rotation for the screens: its state and what is running. It neither asks questions nor draws."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from kbq_tui.engine.ports import Ports
from kbq_tui.engine.rotation import roll_back, rotate
from kbq_tui.engine.rotation_state import RotationOptions, RotationOutcome, look
from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.setup_phase import Phase
from kbq_tui.engine.skippable_clock import true_seconds
from kbq_tui.engine.waiting import NO_PATIENCE, Patience
from kbq_tui.i18n.messages import message
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import LocalKey
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.rotation import RotationStep, next_step


class RotationSession:
    """One key rotation, over the set-up of its connection, whose sign-in, lock and phases it uses.

    Args:
        setup: the set-up.

    Attributes:
        outcome: the state of the rotation; None before it was read.
        events: the latest event of each action of the run, by the action's id.
        begun: whether a rotation has been started at all.
    """

    def __init__(self, setup: SetupSession) -> None:
        self.setup = setup
        self.outcome: RotationOutcome | None = None
        self.events: dict[str, Event] = {}
        self.begun = False
        self._running: asyncio.Task[None] | None = None

    @property
    def awaiting(self) -> bool:
        """Whether it is waiting for Klaviyo's call, which can be stopped at any time."""
        return self.setup.phase is Phase.AWAITING

    @property
    def latest(self) -> Event | None:
        """The event that is running now."""
        return next(reversed(self.events.values()), None)

    async def look(self) -> None:
        """Read the state of the rotation. Changes nothing."""
        if (self.setup.cloud is None or self.setup.sign_in_problem is not None) and not await self.setup.sign_in():
            return
        spec = self.setup.spec()
        if spec is None or self.setup.busy:
            return
        with self.setup.working(Phase.LOOKING):
            await self._see(spec)

    async def _see(self, spec: ConnectionSpec) -> None:
        """Read the present state and compute the next step."""
        out = RotationOutcome()
        try:
            view = await look(spec, self.setup.ports(spec), lambda _: None, NO_PATIENCE)
            rotation = view.rotation
            self.begun = rotation is not None
            out.old, out.new, out.key = rotation.old if rotation else "", view.new, view.beside
            out.step = next_step(view, spec)
        except ProblemError as error:
            out.problems = (self.setup.services.named(error.problem, spec.name),)
        self.outcome = out

    async def go_on(self, *, confirmed: bool = False) -> None:
        """Continue from the present state as far as possible; a wait for Klaviyo is ended first.

        Args:
            confirmed: the operator says that Klaviyo uses the new key.
        """

        async def work(spec: ConnectionSpec, ports: Ports, patience: Patience) -> RotationOutcome:
            options = RotationOptions(confirmed=confirmed)
            return await rotate(spec, ports, self._event, patience, options, self._handed, stepping=self._stepping)

        await self._run(work)

    async def back(self, *, confirmed: bool = False) -> None:
        """Delete the new key, or enable the old one again; a wait for Klaviyo is ended first.

        Args:
            confirmed: the operator says that Klaviyo uses the old key.
        """

        async def work(spec: ConnectionSpec, ports: Ports, patience: Patience) -> RotationOutcome:
            return await roll_back(spec, ports, self._event, patience, confirmed=confirmed)

        await self._run(work)

    async def stop(self) -> None:
        """Stop waiting for Klaviyo; completed steps stay."""
        task = self._running
        if task is not None and self.awaiting:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self, work: Callable[[ConnectionSpec, Ports, Patience], Awaitable[RotationOutcome]]) -> None:
        await self.stop()
        spec = self.setup.spec()
        if spec is None or self.setup.cloud is None or self.setup.busy:
            return
        self._running = asyncio.create_task(self._change(spec, work))
        try:
            await asyncio.shield(self._running)
        except asyncio.CancelledError:
            if not self._running.done():
                raise

    async def _change(
        self, spec: ConnectionSpec, work: Callable[[ConnectionSpec, Ports, Patience], Awaitable[RotationOutcome]]
    ) -> None:
        from kbq_tui.engine.services import patience_of

        self.events = {}
        with self.setup.changing():
            try:
                outcome = await work(spec, self.setup.ports(spec), patience_of(self.setup.services))
            except ProblemError as error:
                await self._see(spec)
                assert self.outcome is not None
                self.outcome.problems = (self.setup.services.named(error.problem, spec.name),)
                return
            self.begun, self.outcome, self.setup.verified = not outcome.finished, outcome, False
            if outcome.rolled_back and outcome.finished:
                await self._see(spec)
                self.setup.say(message("The new key is taken back; Klaviyo's key is the old one."))

    def _stepping(self, outcome: RotationOutcome) -> None:
        self.begun, self.outcome = outcome.step is not RotationStep.FINISH, outcome
        self.setup.changed()

    def _handed(self, key: LocalKey) -> None:
        assert self.outcome is not None
        self.outcome.key = key
        self.setup.changed()

    def _event(self, event: Event) -> None:
        event = replace(event, elapsed=true_seconds(event.elapsed))
        self.events.pop(event.action, None)
        self.events[event.action] = event
        key = ActionKey.read(event.action, "")
        taken = key is not None and key.kind is ActionKind.ROTATE_TAKEN
        self.setup.stand_in(Phase.AWAITING if taken and event.kind is EventKind.WAITING else Phase.APPLYING)
