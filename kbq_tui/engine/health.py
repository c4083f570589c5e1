"""The lines of preflight and status, one judgement each, and the effect of root causes on the lines they explain."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from kbq_tui.diagnosis.root_cause import Scope, is_consequence, scope_of
from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem


class Health(StrEnum):
    """The state of a part of a connection."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the dashboard.

    Attributes:
        id: stable.
        title: its subject.
        health: its state.
        text: the state in words; may contain hostile text.
        problem: the reason, if something is wrong.
        counts: numbers to be drawn as bars after the text, oldest first.
    """

    id: str
    title: Message
    health: Health
    text: Message
    problem: Problem | None = None
    counts: tuple[int, ...] = ()


_TOLD: Final = {
    Scope.MACHINE: ("machine", message("This machine")),
    Scope.SIGN_IN: ("credential", message("Signed in")),
    Scope.NETWORK: ("google", message("Google")),
    Scope.PROJECT: ("project", message("Project")),
    Scope.PERIMETER: ("perimeter", message("Perimeter")),
    Scope.API: ("service", message("APIs")),
}
"""The id and title of a root cause's line."""


def widest(causes: Sequence[Problem]) -> Scope | None:
    """Return what the first of the causes makes unreadable."""
    return scope_of(causes[0]) if causes else None


def stopped(causes: Sequence[Problem]) -> bool:
    """Return whether nothing at all can be known of the connection."""
    scope = widest(causes)
    return scope is not None and scope.stops


def blocks_all(causes: Sequence[Problem]) -> bool:
    """Return whether the set-up cannot continue: any cause except a disabled API, which the set-up can enable."""
    return bool(causes) and widest(causes) is not Scope.API


def outage_of(causes: Sequence[Problem]) -> Problem | None:
    """Return why no call to Google succeeded; None if one did."""
    scope = widest(causes)
    return causes[0] if scope is not None and scope.outage else None


def cause_lines(causes: Sequence[Problem], lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return a line for each cause; none for a disabled API that one of the other lines names.

    Args:
        causes: the root causes.
        lines: the other lines.
    """
    named = any(line.id.startswith("service") and line.health is Health.BROKEN for line in lines)
    return tuple(_cause_line(c) for c in causes if not (named and scope_of(c) is Scope.API))


def _cause_line(cause: Problem) -> Line:
    scope = scope_of(cause)
    id_, title = _TOLD[Scope.NETWORK if scope is None else scope]
    near = cause.detail("nearest")
    text = message("{title}. Similar: {names}", title=cause.title, names=near) if near else cause.title
    return Line(id_, title, Health.BROKEN, text, cause)


def without_consequences(lines: Sequence[Line], causes: Sequence[Problem]) -> tuple[Line, ...]:
    """Return the causes first, then the other lines that no cause explains."""
    left = [] if stopped(causes) else [line for line in lines if not is_consequence(line.problem, causes)]
    return (*cause_lines(causes, left), *left)


def consequences_unknown(lines: Sequence[Line], causes: Sequence[Problem], kept: Sequence[str]) -> tuple[Line, ...]:
    """Return the causes first, and all other lines; those that a cause explains are unknown, without a problem.

    Args:
        lines: the lines as judged.
        causes: the root causes.
        kept: ids of lines that do not depend on Google's present answers.
    """
    if not causes:
        return tuple(lines)
    stop, told = stopped(causes), cause_lines(causes, lines)

    def of(line: Line) -> Line:
        if line.id in kept:
            return line
        if is_consequence(line.problem, causes):
            return replace(line, health=Health.UNKNOWN, text=message("not known"), problem=None, counts=())
        if stop and line.problem is None:
            text = line.text if line.health is Health.OK else message("not known")
            return replace(line, health=Health.UNKNOWN, text=text)
        return line

    ids = {line.id for line in told}
    return (*told, *(of(line) for line in lines if line.id not in ids))
