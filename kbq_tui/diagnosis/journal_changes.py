"""Reads our own changes from a journal."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kbq_tui.model.changes import OwnChange, not_undone
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import EventKind
from kbq_tui.model.operations import ActionKey
from kbq_tui.model.problem import Kind
from kbq_tui.model.text import time_in


def from_journal(lines: Iterable[Mapping[str, Any]]) -> tuple[OwnChange, ...]:
    """Return the changes in a journal, in the order in which they were made, without those that were undone since.

    Args:
        lines: the journal's lines, oldest first. Lines without a time are left out.
    """
    made: dict[str, OwnChange] = {}
    begun: dict[str, list[OwnChange]] = {}
    resources: dict[str, str] = {}
    for line in lines:
        action, event = str(line.get("action", "")), line.get("event")
        if event == "intended":
            resources[action] = str(line.get("resource", ""))
        at = time_in(line.get("at"))
        if at is None:
            continue
        key, open_ = ActionKey.read(action, resources.get(action, "")), begun.setdefault(action, [])
        if key is None:
            continue
        if event == "intended":
            open_.append(OwnChange(key, at, made=False))
        elif event == "finished" and line.get("changed", True):
            made[action] = OwnChange(key, at)
            open_.clear()
        elif event == "finished":
            # It existed already: created by an earlier attempt of ours with an unknown outcome, or by others.
            if open_[:-1]:
                made[action] = OwnChange(key, open_[-2].at)
            open_.clear()
        elif event == "failed" and not _is_unclear(line.get("problem")):
            del open_[-1:]
    left = (tries[-1] for tries in begun.values() if tries)
    return not_undone(sorted((*made.values(), *left), key=lambda change: change.at))


def unknown_in(line: Mapping[str, Any]) -> str:
    """Return what a line of a journal has that only a newer version can have written; empty for nothing."""
    action, event = line.get("action"), line.get("event")
    if not isinstance(action, str) or not isinstance(event, str):
        return str(line.get("schema") or line)
    if event not in _EVENTS:
        return event
    return action if ActionKey.read(action, "") is None else ""


_EVENTS: Final = ("intended", EventKind.FINISHED, EventKind.FAILED, EventKind.SKIPPED)


def _is_unclear(problem: object) -> bool:
    """Whether a failure leaves it open whether the change was made: the answer was lost, or not understood."""
    # imported late: only a journal with a failure in it needs the catalogue
    from kbq_tui.diagnosis.catalogue import entry_of

    code = problem.get("code") if isinstance(problem, Mapping) else None
    entry = entry_of(str(code))
    return entry is None or entry.kind is Kind.NETWORK or entry.code == Code.KEY_OUTCOME_UNKNOWN
