"""The JSON of commands that change something: `kbq-tui/apply/v1`, one object for each event and one at the end."""

from datetime import datetime

from kbq_tui.engine.apply import Outcome
from kbq_tui.model.events import Event
from kbq_tui.model.operations import Change
from kbq_tui.model.summary import Summary

SCHEMA = "kbq-tui/apply/v1"


def event_json(event: Event) -> dict[str, object]:
    """Return an event in the schema."""
    return {"schema": SCHEMA, **event.to_json()}


def summary_json(summary: Summary, outcome: Outcome, at: datetime) -> dict[str, object]:
    """Return the last object: the connection's values, and what was done, failed or left out. `at` is aware."""
    return {
        **summary.to_json(),
        "schema": SCHEMA,
        "event": "summary",
        "action": None,
        "at": at.isoformat(),
        "ok": outcome.complete,
        "done": outcome.done,
        "unchanged": [a.id for a in outcome.plan.actions if a.change is Change.NOOP],
        "failed": [{"id": i, "problem": p.to_json()} for i, p in outcome.failed.items()],
        "skipped": [{"id": i, "because": b} for i, b in outcome.skipped.items()],
        "blocked": [{"id": b.id, "problem": b.problem.to_json()} for b in outcome.plan.blocked],
    }
