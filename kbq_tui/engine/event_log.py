"""Writes events to the log as well, for bug reports. The log module decides where it is and what must not get into
it."""

import logging
from collections.abc import Callable

from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.problem import Problem

_LOG = logging.getLogger("kbq_tui.engine")
_LOG.addHandler(logging.NullHandler())  # without a log, nothing may be written to stderr over the screen
_LEVELS = {
    EventKind.FINISHED: logging.INFO,
    EventKind.FAILED: logging.WARNING,
    EventKind.SKIPPED: logging.WARNING,
}


def events(emit: Callable[[Event], None]) -> Callable[[Event], None]:
    """Return a function that logs an event and passes it on. `begun` and `waiting` are logged at debug level only."""

    def both(event: Event) -> None:
        level = _LEVELS.get(event.kind, logging.DEBUG)
        _LOG.log(level, "%s %s: %s%s", event.action, event.kind.value, event.text, _why(event.problem))
        emit(event)

    return both


def verdicts(told: Callable[[CheckResult], None]) -> Callable[[CheckResult], None]:
    """Return a function that logs a verdict and passes it on."""

    def both(result: CheckResult) -> None:
        level = logging.INFO if result.verdict is Verdict.PASS else logging.WARNING
        why = _why(result.problem)
        _LOG.log(level, "%s %s: %s%s", result.check.id, result.verdict.value, result.evidence, why)
        told(result)

    return both


def _why(problem: Problem | None) -> str:
    if problem is None:
        return ""
    own = problem.original and str(problem.original) != str(problem.cause)
    return f" [{problem.code or 'unrecognised'}]" + (f" {problem.original}" if own else "")
