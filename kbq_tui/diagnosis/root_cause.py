"""Finds the failure that explains the others. Pure.

If a project does not exist, Google answers most calls with "permission denied"; without a network every call fails.
Reported one by one, the consequences hide their cause and send the operator to the wrong people. So the cause is found
here, and every part that failed because of it gets it as its reason.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Final, TypeVar

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import joined, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Absent, Observed, Part, Present, ProjectInfo, Unknown
from kbq_tui.model.problem import Context, Kind, Problem
from kbq_tui.shell import commands as cmd

T = TypeVar("T")

PROJECT_NOT_FOUND: Final = Code.PROJECT_NOT_FOUND
NEAREST: Final = 3
"""The most similar project IDs that are named."""
_ALIKE: Final = 0.6
"""The least similarity of two project IDs, from 0 to 1 (difflib's ratio)."""


class Scope(IntEnum):
    """What a failure makes unreadable; a lower value explains higher ones."""

    MACHINE = 0
    """A setting of this machine is wrong: no call can be made."""
    SIGN_IN = 1
    """There is no sign-in, or Google refuses the credentials: no call is answered."""
    NETWORK = 2
    """Google cannot be reached: no call is answered."""
    PROJECT = 3
    """The project does not exist or cannot be seen: all calls about it are refused."""
    PERIMETER = 4
    """VPC Service Controls refuse the calls to some of the APIs."""
    API = 5
    """An API is disabled: every call to it is refused."""

    @property
    def stops(self) -> bool:
        """Whether nothing at all can be known of the connection."""
        return self <= Scope.PROJECT

    @property
    def outage(self) -> bool:
        """Whether no call to Google succeeded at all, so that what was known before may still be true."""
        return self <= Scope.NETWORK


_SCOPES: Final[Mapping[str, Scope]] = {
    PROJECT_NOT_FOUND: Scope.PROJECT,
    Code.VPC_SC: Scope.PERIMETER,
    Code.API_DISABLED: Scope.API,
    Code.QUOTA_PROJECT: Scope.SIGN_IN,
    Code.MACHINE_SETTING: Scope.MACHINE,
    Code.UNEXPECTED: Scope.MACHINE,
}
_KINDS: Final[Mapping[Kind, Scope]] = {Kind.CREDENTIALS: Scope.SIGN_IN, Kind.NETWORK: Scope.NETWORK}


def scope_of(problem: Problem) -> Scope | None:
    """Return what a failure makes unreadable; None for one that is about a single call."""
    return _SCOPES.get(problem.code or "") or _KINDS.get(problem.kind)


def explains(cause: Problem, other: Problem) -> bool:
    """Return whether one failure is the reason of another.

    Args:
        cause: one of `causes`.
        other: another failure of the same reading.
    """
    match scope_of(cause):
        case Scope.MACHINE | Scope.SIGN_IN | Scope.NETWORK:
            return True
        case Scope.PROJECT:
            return other.code is None or other.kind is not Kind.NETWORK
        case Scope.PERIMETER:
            return other.code == cause.code
        case Scope.API:
            return other.code == cause.code and other.detail("service") == cause.detail("service")
        case _:
            return False


def causes(problems: Iterable[Problem], *, answered: bool, project_seen: bool) -> tuple[Problem, ...]:
    """Return the failures that explain others, the widest first.

    Args:
        problems: every failure of a reading of Google.
        answered: whether Google answered any call. A call that fails while others are answered is not an outage.
        project_seen: whether Google has shown the project, or a permission on it.
    """
    found: list[Problem] = []
    known = [(scope, p) for p in problems if (scope := scope_of(p)) is not None]
    for scope, problem in sorted(known, key=lambda pair: pair[0]):
        if (scope.outage and answered) or (scope is Scope.PROJECT and project_seen):
            continue
        if not any(explains(cause, problem) for cause in found):
            found.append(problem)
    return tuple(found)


def observed_causes(observed: Observed, context: Context) -> tuple[Problem, ...]:
    """Return the failures that explain why parts of a reading are unknown.

    Args:
        observed: the reading.
        context: what is known of the connection.
    """
    project, held = observed.project, observed.permissions
    whole = of_project(
        project.value if isinstance(project, Present) else project.problem if isinstance(project, Unknown) else None,
        held.value if isinstance(held, Present) else None,
        context,
    )
    if whole is not None:
        return (whole,)
    parts = _google(observed)
    problems = [part.problem for part in parts if isinstance(part, Unknown)]
    seen = any(isinstance(part, Present) for part in (observed.project, observed.permissions))
    answered = len(problems) < len(parts)
    found = causes(problems, answered=answered, project_seen=seen)
    shown = any(isinstance(part, Present) for part in parts) or _found(observed)
    return found if found or shown else unseen(problems, context)


def of_project(project: ProjectInfo | Problem | None, held: frozenset[str] | None, context: Context) -> Problem | None:
    """Return what is wrong with a project as a whole: it is being deleted, or the operator has no role on it.

    A mistyped ID may be that of somebody else's project: then Google answers testIamPermissions with an empty list, and
    refuses everything else.

    Args:
        project: what Google shows of it, or why it does not.
        held: the permissions that the operator holds on it, of those that a connection needs; None if unknown.
        context: what is known of the connection.
    """
    if isinstance(project, ProjectInfo):
        if not project.state.startswith("DELETE"):
            return None
        problem = catalogue.problem(PROJECT_NOT_FOUND, context)
        undelete = [step for step in problem.steps if any(c.is_like(cmd.UNDELETE_PROJECT) for c in step.commands)]
        more = [step for step in problem.steps if step not in undelete]
        return replace(
            problem,
            title=message("The project is being deleted"),
            cause=message(
                "Project {project} is marked for deletion: Google still shows it, but nothing in it works.",
                project=context.project,
            ),
            steps=(*undelete, *more),
            who=message("A project owner: resourcemanager.projects.undelete, role Owner (roles/owner) on the project."),
        )
    if project is None or project.kind not in (Kind.NOT_PERMITTED, Kind.NOT_FOUND) or held is None or held:
        return None
    problem = catalogue.problem(PROJECT_NOT_FOUND, context, original=project.original)
    cause = message(
        "You hold no role on project {project}, and Google does not show it to you: it may be somebody else's, and the "
        "ID misspelt.",
        project=context.project,
    )
    return replace(problem, cause=cause)


def unseen(problems: Sequence[Problem], context: Context) -> tuple[Problem, ...]:
    """Return the causes if not one call about a project was answered.

    Google does not distinguish a project that does not exist from one that may not be seen. But if even
    testIamPermissions is refused, which needs no permission, it is one of the two. Source:
    https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions

    Args:
        problems: why each call failed.
        context: what is known of the connection.
    """
    found = causes(problems, answered=False, project_seen=False)
    if found or not problems or any(p.kind not in (Kind.NOT_PERMITTED, Kind.NOT_FOUND) for p in problems):
        return found
    words = next((p.original for p in problems if p.original), "")
    return (catalogue.problem(PROJECT_NOT_FOUND, context, original=words),)


def _found(observed: Observed) -> bool:
    """Return whether Google said that a dataset does not exist, which it says only within an existing project."""
    return any(isinstance(part, Absent) for part in (*observed.datasets.values(), observed.names, observed.bindings))


def nearest(project: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the project IDs that are most similar to one that was not found, the most similar first."""
    return tuple(difflib.get_close_matches(project, sorted(set(others) - {project}), n=NEAREST, cutoff=_ALIKE))


def with_nearest(problem: Problem, names: Sequence[str]) -> Problem:
    """Return the problem of a project that was not found, with the similar ones that the operator can see."""
    if not names:
        return problem
    listed = ", ".join(names)
    cause = joined(" ", problem.cause, message("The most similar projects that you can see: {names}.", names=listed))
    return replace(problem, cause=cause, details={**problem.details, "nearest": listed})


def explained(observed: Observed, found: tuple[Problem, ...]) -> Observed:
    """Return the reading with each unreadable part given the failure that explains it.

    Args:
        observed: the reading.
        found: the causes, from `observed_causes`; their texts may have been extended since.
    """
    if not found:
        return observed
    scope = scope_of(found[0])
    project_gone = scope is Scope.PROJECT

    def of(part: Part[T]) -> Part[T]:
        if project_gone and not isinstance(part, Unknown):
            return Unknown(found[0])  # "not found" was about the project, and what exists there cannot be used
        if isinstance(part, Unknown):
            return Unknown(next((cause for cause in found if explains(cause, part.problem)), part.problem))
        return part

    return replace(
        observed,
        identity=Unknown(found[0]) if scope is not None and scope.outage else observed.identity,
        project=of(observed.project),
        services={name: of(part) for name, part in observed.services.items()},
        billing=of(observed.billing),
        constraints={name: of(part) for name, part in observed.constraints.items()},
        permissions=of(observed.permissions),
        datasets={name: of(part) for name, part in observed.datasets.items()},
        names=of(observed.names),
        account=of(observed.account),
        keys=of(observed.keys),
        bindings=of(observed.bindings),
        causes=found,
    )


def is_consequence(problem: Problem | None, found: Iterable[Problem]) -> bool:
    """Return whether a problem only repeats one of the causes."""
    return problem is not None and any((c.code, c.cause) == (problem.code, problem.cause) for c in found)


def _google(observed: Observed) -> list[Part[object]]:
    """Return the parts that were read from Google."""
    return [
        observed.project,
        *observed.services.values(),
        observed.billing,
        *observed.constraints.values(),
        observed.permissions,
        *observed.datasets.values(),
        observed.names,
        observed.account,
        observed.keys,
        observed.bindings,
    ]
