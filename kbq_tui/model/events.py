"""Events while a plan is applied or a connection is verified: one stream for screen, journal, log and JSON."""

from datetime import datetime
from enum import StrEnum

from kbq_tui.i18n.messages import EMPTY, Message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem


class EventKind(StrEnum):
    """What happened to an action."""

    STARTED = "started"
    WAITING = "waiting"
    PROGRESSED = "progressed"
    FINISHED = "finished"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        kind: its kind.
        action: the id of the action (or check) it happened to.
        at: when, aware UTC.
        text: one line for a person; plain text.
        problem: the reason of a failure, of a wait, or of a skip.
        elapsed: seconds since the action started.
        limit: seconds after which a wait is given up; 0 if there is no wait.
        changed: False if everything was as wanted already.
    """

    kind: EventKind
    action: str
    at: datetime
    text: Message = EMPTY
    problem: Problem | None = None
    elapsed: float = 0.0
    limit: float = 0.0
    changed: bool = True

    def to_json(self) -> dict[str, object]:
        """Return the event as one line of the `apply` stream, without the schema's name."""
        out: dict[str, object] = {"event": self.kind.value, "action": self.action, "at": self.at.isoformat()}
        if self.text:
            out["text"] = str(self.text)
        if self.problem is not None:
            out["problem"] = self.problem.to_json()
        if self.elapsed:
            out["elapsed"] = round(self.elapsed, 3)
        if self.limit:
            out["limit"] = self.limit
        if not self.changed:
            out["changed"] = False
        return out
