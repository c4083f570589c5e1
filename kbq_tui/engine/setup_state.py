"""What a set-up has read, planned and done, and what follows from it. Nothing here calls Google."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.engine.services import AppServices
from kbq_tui.engine.setup_input import SetupInput
from kbq_tui.engine.setup_phase import Phase
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step
from kbq_tui.model.text import time_in

if TYPE_CHECKING:  # what the first frame does not need is imported later
    from datetime import datetime

    from kbq_tui.model.checks import CheckResult
    from kbq_tui.model.events import Event
    from kbq_tui.model.observed import Identity, KeyInfo, Observed
    from kbq_tui.model.plan import Blocked, Plan
    from kbq_tui.model.summary import Summary


class SetupState(SetupInput):
    """What was typed, and what is known of it.

    Args:
        services, changed, strict: see `SetupInput`.

    Attributes:
        phase: what is running; `READY` while it waits for the operator.
        since: the clock's seconds when the phase began.
        identity: who is signed in.
        sign_in_problem: why the last sign-in failed.
        looked: the connection that `observed` and `plan` belong to.
        parts: what the running reading has read so far, as `observe` names it.
        rows: the latest event of each action of the last change, by the action's id.
        failed: the failures of the last change, by the action's id.
        applied: the ids of all actions that were carried out in this session.
        results: the verdicts of the last verification, by the check's id: of this session, or as this machine kept
            them.
        running: the latest event of each check that is running.
        verified: whether the last verification of this session was completed and nothing was changed since.
        verified_at: when the verification behind `results` was completed, aware UTC; None while it is not, and if this
            is not known.
        checks_due: whether the operator has asked for the checks; the step that runs them has not been opened yet.
    """

    def __init__(self, services: AppServices, changed: Callable[[], None], *, strict: bool) -> None:
        super().__init__(services, changed, strict=strict)
        self.phase = Phase.READY
        self.since = 0.0
        self.identity: Identity | None = None
        self.sign_in_problem: Problem | None = None
        self.looked: ConnectionSpec | None = None
        self.observed: Observed | None = None
        self.plan: Plan | None = None
        self.parts: set[str] = set()
        self.rows: dict[str, Event] = {}
        self.failed: dict[str, Problem] = {}
        self.applied: set[str] = set()
        self.results: dict[str, CheckResult] = {}
        self.running: dict[str, Event] = {}
        self.verified = False
        self.verified_at: datetime | None = None
        self.checks_due = False
        self._agreed_operator: Identity | None = None

    @property
    def production(self) -> bool:
        """Whether the connection's name must be typed before something is destroyed."""
        return self.saved is not None and self.saved.production

    @property
    def other_operator(self) -> Problem | None:
        """The problem that the login is not the connection's operator; None if changes with it were agreed to."""
        operator = self.saved.operator if self.saved is not None else ""
        if not operator or self.identity is None or self.identity == self._agreed_operator:
            return None
        from kbq_tui.engine.operator import other_operator

        return other_operator(operator, self.draft.name, self.identity)

    def agree_to_operator(self) -> None:
        """Note that changes may be made with the present login."""
        self._agreed_operator = self.identity

    @property
    def busy(self) -> bool:
        """Whether something is running."""
        return self.phase is not Phase.READY

    @property
    def writing(self) -> bool:
        """Whether what is running changes something, so that quitting asks first."""
        return self.phase is Phase.APPLYING

    @property
    def current(self) -> bool:
        """Whether what was read belongs to what is typed now."""
        return self.looked is not None and self.looked == self.spec()

    @property
    def context(self) -> Context:
        """What is known of the connection, for judging faults and for the fields of remedies."""
        spec = self.spec()
        operator = self.identity.principal if self.identity else ""
        if spec is None:
            return Context(operator=operator)
        from kbq_tui.planning.diff import context_of

        return replace(context_of(spec, self.plan.location if self.plan else None), operator=operator)

    @property
    def causes(self) -> tuple[Problem, ...]:
        """Return the failures that explain why the project could not be read."""
        return self.plan.causes if self.plan is not None and self.current else ()

    @property
    def stopped(self) -> bool:
        """Whether one failure makes everything else unknown."""
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

    def part(self, step: Step) -> Plan | None:
        """Return one step's part of the plan; None if not known yet."""
        return self.plan.step(step) if self.plan is not None and self.current else None

    def pending(self, step: Step) -> tuple[str, ...]:
        """Return the ids of what one step still has to change, without what we created and Google does not show yet."""
        part = self.part(step)
        return tuple(a.id for a in part.changes if a.id not in self.applied) if part else ()

    def blocked(self, step: Step) -> tuple[Blocked, ...]:
        """Return what is blocked in a step, except a new key of ours that Google does not list yet."""
        part = self.part(step)
        return tuple(b for b in part.blocked if b.id not in self.applied) if part else ()

    def leftovers(self) -> tuple[KeyInfo, ...]:
        """Return the keys at Google that are not stored here, without those we have just deleted and Google still
        lists."""
        from kbq_tui.model.observed import unheld_keys

        keys = unheld_keys(self.observed) if self.observed is not None and self.current else ()
        return tuple(k for k in keys if self.deletion_id(k.id) not in self.applied)

    def deletion_id(self, key_id: str) -> str:
        """Return the id of the action that deletes a key."""
        from kbq_tui.planning.removals import key_deletion

        return key_deletion(self.looked, key_id).id if self.looked is not None else ""

    def recall_verification(self) -> None:
        """Show the verdicts that this machine keeps, if there are none of this session and the connection is the one
        that they are about."""
        spec = self.spec()
        running = self.phase is Phase.VERIFYING
        if running or self.results or self.record is None or spec is None or not self.record.holds(spec):
            return
        from kbq_tui.engine.verify.checks import expected
        from kbq_tui.engine.verify.kept import kept_results
        from kbq_tui.model.verified_values import is_about

        try:
            body = self.services.store.last_verify(spec.name)
        except ProblemError as error:
            self.store_failed(error)
            return
        if body is not None and is_about(body, spec):
            self.results = kept_results(body, expected(spec))
            self.verified_at = time_in(body.get("at")) if self.results else None

    @property
    def healthy(self) -> bool:
        """Whether the last verification is about the present state, and no check failed."""
        from kbq_tui.model.checks import healthy

        return self.verified and healthy(tuple(self.results.values()))

    @property
    def waiting(self) -> bool:
        """Whether something waits for a change to take effect, so that "try now" and "give up" make sense."""
        from kbq_tui.model.events import EventKind

        return self.busy and any(e.kind is EventKind.WAITING for e in (*self.rows.values(), *self.running.values()))

    def summary(self) -> Summary | None:
        """Return the values for Klaviyo, as far as they are known; None until the connection is valid."""
        from kbq_tui.engine.hand_over import summary_seen

        spec = self.spec()
        if spec is None:
            return None
        location = self.plan.location if self.plan is not None and self.current else spec.location
        return summary_seen(spec, self.observed if self.current else None, location)
