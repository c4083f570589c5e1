"""A connection in one line: its state, the key's age, the last verification, the next command."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from kbq_tui.engine.health import Health
from kbq_tui.engine.key_status import key_in_use
from kbq_tui.engine.looks import Looked
from kbq_tui.engine.status import Status
from kbq_tui.i18n.messages import EMPTY, Message, joined
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Present
from kbq_tui.model.problem import Problem


class State(StrEnum):
    """The states of a connection, the worst first. Something unreadable may hide a failure."""

    FAILING = "failing"
    UNREAD = "unread"
    WARNING = "warning"
    OK = "ok"


WORST_FIRST: Final = tuple(State)
_REPLACED: Final = (Code.KEY_OLD, Code.KEY_ENDS)
"""Problems that a new key solves."""
_STATES: Final = {Health.BROKEN: State.FAILING, Health.UNKNOWN: State.UNREAD, Health.WARNING: State.WARNING}


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One connection.

    Attributes:
        name: its name.
        project: its project; empty if it could not be read.
        state: the worst of its parts.
        reason: the worst part in words; empty if all is well.
        problem: the reason, as far as it is known.
        stale: whether the values are from before an outage.
        key_days: days since the key in use was created; None if there is none, or it could not be read.
        key_unread: whether the keys could not be read.
        verified: when the last verification was; None for never, or if `looked` is False.
        command: the next command; empty if nothing is to be done.
        looked: whether it was read at all.
    """

    name: str
    project: str
    state: State
    reason: Message = EMPTY
    problem: Problem | None = None
    stale: bool = False
    key_days: int | None = None
    key_unread: bool = False
    verified: datetime | None = None
    command: str = ""
    looked: bool = True

    @classmethod
    def of(cls, looked: Looked) -> "StatusRow":
        """Return the row for the result of a look."""
        opened, seen = looked.opened, looked.status
        project = opened.spec.project if opened is not None else ""
        if seen is None:
            title = looked.problem.title if looked.problem is not None else EMPTY
            return cls(looked.name, project, State.UNREAD, title, looked.problem, key_unread=True, looked=False)
        state = State.UNREAD if seen.stale else state_of(seen)
        worst = next((line for line in seen.lines if _STATES.get(line.health) is state), None)
        return cls(
            looked.name,
            project,
            state,
            joined(": ", worst.title, worst.text) if worst is not None else EMPTY,
            worst.problem if worst is not None else None,
            seen.stale,
            key_days(seen),
            not isinstance(seen.observed.keys, Present),
            seen.verified,
            _next(seen, looked, state),
        )


def state_of(seen: Status) -> State:
    """Return the worst of a connection's parts."""
    found = {_STATES.get(line.health, State.OK) for line in seen.lines}
    return next((state for state in WORST_FIRST if state in found), State.OK)


def key_days(seen: Status) -> int | None:
    """Return the age of the key that is stored here or was handed over, in days; None if not known."""
    key = key_in_use(seen.observed)
    return (seen.observed.at - key.created).days if key is not None else None


def _next(seen: Status, looked: Looked, state: State) -> str:
    if looked.opened is None or state is State.OK:
        return ""
    if seen.plan.changes:
        what = "apply"
    elif seen.verified is None and not seen.plan.blocked:
        what = "verify"
    elif any(line.problem is not None and line.problem.code in _REPLACED for line in seen.lines):
        what = "key rotate"
    elif any(line.problem is not None and line.problem.code is Code.KEY_IDLE for line in seen.lines):
        what = "activity"
    else:
        what = "status"
    return str(looked.opened.services.command(what, looked.name))


def ordered(rows: Iterable[StatusRow]) -> list[StatusRow]:
    """Return rows with the worst first, then by name."""
    return sorted(rows, key=lambda row: (WORST_FIRST.index(row.state), row.name))


def counted(rows: Sequence[StatusRow]) -> dict[State, int]:
    """Return the number of connections in each state that occurs, the best first."""
    found = Counter(row.state for row in rows)
    return {state: found[state] for state in reversed(WORST_FIRST) if found[state]}
