"""A plan as a value: what to do to get from the present state to the wanted one."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import Action, Change, Step
from kbq_tui.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Blocked:
    """An action that cannot be done now. `action` says what it would be."""

    action: Action
    problem: Problem

    @property
    def id(self) -> str:
        """The action's id."""
        return self.action.id


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in an order in which needs come first.

    Attributes:
        connection: the connection's name.
        actions: changes and no-ops.
        blocked: what cannot be done, with the reason.
        warnings: what is worth knowing and blocks nothing (over-grants, names that differ in case only, keys that are
            not stored here).
        location: where the datasets are or will be; None if not decided.
        causes: the failures for which others are blocked, the widest first; see `root_cause`.
    """

    connection: str
    actions: tuple[Action, ...]
    blocked: tuple[Blocked, ...] = ()
    warnings: tuple[Problem, ...] = ()
    location: str | None = None
    causes: tuple[Problem, ...] = ()

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that change something."""
        return tuple(a for a in self.actions if a.change is not Change.NOOP)

    @property
    def complete(self) -> bool:
        """Whether everything is in place already."""
        return not self.changes and not self.blocked

    def step(self, step: Step) -> "Plan":
        """Return the part of the plan that belongs to one step. Needs outside the step are kept as ids."""
        return Plan(
            self.connection,
            tuple(a for a in self.actions if a.step is step),
            tuple(b for b in self.blocked if b.action.step is step),
            self.warnings,
            self.location,
            self.causes,
        )

    def with_problems(self, change: Callable[[Problem], Problem]) -> "Plan":
        """Return the plan with each of its problems changed."""
        return replace(
            self,
            blocked=tuple(replace(b, problem=change(b.problem)) for b in self.blocked),
            warnings=tuple(map(change, self.warnings)),
            causes=tuple(map(change, self.causes)),
        )

    @property
    def fingerprint(self) -> str:
        """A digest of the changes: two plans with the same digest make the same changes."""
        body = [[a.id, a.change.value, type(a.op).__name__, asdict(a.op)] for a in self.changes]
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, object]:
        """Return the plan in its schema."""
        return {
            "schema": "kbq-tui/plan/v1",
            "connection": self.connection,
            "actions": [
                {
                    "id": a.id,
                    "change": a.change.value,
                    "resource": a.resource.name,
                    "summary": str(a.summary),
                    "needs": list(a.needs),
                }
                for a in self.actions
            ],
            "blocked": [{"id": b.id, "problem": b.problem.to_json()} for b in self.blocked],
            "warnings": [w.to_json() for w in self.warnings],
            "location": self.location,
            "causes": [c.to_json() for c in self.causes],
        }


def with_dependents_blocked(
    actions: Sequence[Action], blocked: Sequence[Blocked]
) -> tuple[tuple[Action, ...], tuple[Blocked, ...]]:
    """Return actions and blocked actions, where an action that needs a blocked one is blocked for the same reason.

    Args:
        actions: in an order in which each comes after what it needs.
        blocked: the actions that are blocked so far.
    """
    reasons = {b.id: b.problem for b in blocked}
    kept, stopped = [], list(blocked)
    for action in actions:
        reason = next((reasons[n] for n in action.needs if n in reasons), None)
        if reason is None:
            kept.append(action)
        else:
            reasons[action.id] = reason
            stopped.append(Blocked(action, reason))
    return tuple(kept), tuple(stopped)
