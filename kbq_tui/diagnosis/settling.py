"""Problems that pass by themselves once a recent change of ours has arrived everywhere."""

from dataclasses import replace
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.entry import GRANT_WAIT
from kbq_tui.i18n.messages import joined, message
from kbq_tui.model.problem import Kind, Problem, Retry

_SETTLING: Final = message("A change was made a moment ago and may not have arrived everywhere yet.")


def settling_wait(problem: Problem) -> int:
    """Return for how long a change of ours may be the reason, in seconds; 0 if it cannot."""
    if problem.code is None:
        return GRANT_WAIT if problem.kind in (Kind.NOT_PERMITTED, Kind.NOT_FOUND) else 0
    return catalogue.settling_time(problem.code)


def settling(problem: Problem) -> Problem:
    """Return a problem as one that may pass by itself, if a recent change of ours may be the reason.

    Args:
        problem: as recognised. If no change of ours can explain it, it is returned unchanged.
    """
    wait = settling_wait(problem)
    if not wait:
        return problem
    cause = problem.cause if _SETTLING in problem.cause.params.values() else joined(" ", problem.cause, _SETTLING)
    return replace(problem, retry=Retry.NOT_YET, wait=max(wait, problem.wait), cause=cause)
