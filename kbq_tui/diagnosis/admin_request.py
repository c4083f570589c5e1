"""What to send to a person with more permissions: role, reason, commands, undo."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kbq_tui.diagnosis.catalogue import PERMISSIONS
from kbq_tui.diagnosis.entry import filled, refilled, run, values
from kbq_tui.i18n.messages import Message, joined, message, row
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Context, Problem, Purpose, RemedyStep
from kbq_tui.shell import commands as cmd


class Commands(NamedTuple):
    """Steps for somebody else, and those that undo them.

    A step without a text consists of its commands; one without commands says what to click.
    """

    do: tuple[RemedyStep, ...]
    undo: tuple[RemedyStep, ...]


_GENERAL: Final = frozenset({Code.PERMISSION_MISSING, Code.NOT_PERMITTED, Code.STATE_UNKNOWN})
"""Problems for which a person with the permission can also do the step themselves."""
_ROLE_HELPS: Final = _GENERAL | {
    Code.DATASET_CREATE_DENIED,
    Code.DATASET_GRANT_DENIED,
    Code.JOB_USER_MISSING,
    Code.KEY_CREATE_DENIED,
    Code.ROUTINE_DENIED,
    Code.TABLE_READ_DENIED,
    Code.TABLE_WRITE_DENIED,
}
"""Problems for which a role with the refused permission helps."""


def commands_of(problem: Problem, context: Context, commands: Sequence[Command] = ()) -> Commands:
    """Return what the person who can help would run for one problem, and what undoes it.

    Args:
        problem: the values it names (the API, the dataset, the project) take precedence over the connection's.
        context: what is known of the connection.
        commands: those of the blocked step, if there is one.
    """
    found = _commands_for(problem, context, commands)
    known_row = PERMISSIONS.get(problem.detail("permission"))
    if commands or known_row is None or known_row.widen is None or _any_like(found.do, known_row.widen):
        return found
    known = values(context, {name: str(value) for name, value in problem.details.items()})
    widen = known_row.widen.filled(known)
    custom = RemedyStep(known_row.into_custom_role, (cmd.SHOW_ROLE.filled(known), widen))
    return Commands((*found.do, custom), (*found.undo, run(*widen.undone_by)))


def _commands_for(problem: Problem, context: Context, commands: Sequence[Command]) -> Commands:
    permission, itself = problem.detail("permission"), (run(*commands),) if commands else ()
    if permission and commands and _role_helps(problem):  # the step itself, done by somebody with the permission
        return _with_undo(itself)
    known = values(context, {name: str(value) for name, value in problem.details.items()})
    steps = tuple(refilled(step, known) for step in problem.request)
    known_row = PERMISSIONS.get(permission)
    if known_row is not None and (problem.code in _GENERAL or not steps):
        steps = (run(*filled(known_row.instead or (known_row.grant,), known)),)
    if not steps:
        return _with_undo(itself)
    found = _with_undo(steps)
    if commands and problem.code in _GENERAL:
        found = found._replace(do=(*found.do, RemedyStep(message("Or do the step itself:"), tuple(commands))))
    return found


def _role_helps(problem: Problem) -> bool:
    return problem.code in _ROLE_HELPS or not problem.request


def _with_undo(steps: tuple[RemedyStep, ...]) -> Commands:
    """Return steps with those that undo them: separate steps, or the undo of their commands."""
    look = tuple(step for step in steps if step.purpose is Purpose.LOOK)
    undo = tuple(step for step in steps if step.purpose is Purpose.UNDO)
    do = tuple(step for step in steps if step not in look and step not in undo)
    back = tuple(each for step in do for command in step.commands for each in command.undone_by)
    return Commands((*look, *do), undo or ((run(*back),) if back else ()))


def lines_of(steps: Iterable[RemedyStep]) -> tuple[str, ...]:
    """Return only the commands of steps in `Commands`."""
    return tuple(line for step in steps for line in step.lines)


def _any_like(steps: Iterable[RemedyStep], what: Command) -> bool:
    return any(command.is_like(what) for step in steps for command in step.commands)


_POLICY_CODES: Final = {
    Code.KEY_CREATION_BLOCKED: (
        "iam.disableServiceAccountKeyCreation",
        "iam.managed.disableServiceAccountKeyCreation",
    ),
    Code.ACCOUNT_CREATION_BLOCKED: ("iam.disableServiceAccountCreation", "iam.managed.disableServiceAccountCreation"),
    Code.DOMAIN_RESTRICTED: (cmd.DOMAINS, cmd.MEMBERS),
    Code.GRANT_BLOCKED: (cmd.DOMAINS, cmd.MEMBERS),
    Code.LOCATION_FORBIDDEN: (cmd.LOCATIONS, ""),
    Code.KEY_EXPIRY_POLICY: (cmd.EXPIRY, ""),
}
"""The constraints that may be behind a refusal: legacy and managed."""


_LABEL: Final = 13


def handoff(problem: Problem, context: Context, steps: Sequence[RemedyStep], undo: Sequence[RemedyStep]) -> Message:
    """Return a plain-text message for a person with more permissions.

    Args:
        problem: what blocks the operator.
        context: what is known of the connection.
        steps: what that person would do, as from `commands_for`.
        undo: what undoes it.
    """
    known = values(context, problem.details)
    project, account = known.get("project", ""), known.get("account", "")
    lines: list[Message | str] = [
        message("Subject: Help needed to connect Klaviyo to BigQuery in project {project}", project=project)
        if project
        else message("Subject: Help needed to connect Klaviyo to BigQuery"),
        "",
        message("Hello,"),
        "",
        message("I am connecting Klaviyo to BigQuery, and cannot do one step myself."),
        "",
        row(message("What stops:"), problem.title, _LABEL),
        row(message("Why:"), problem.cause, _LABEL),
        row(message("Who may:"), problem.who, _LABEL),
    ]
    lines += _needed(problem)
    if context.operator:
        lines.append(row(message("My account:"), known.get("operator", ""), _LABEL))
    lines += [
        "",
        message(
            "What it is for: Klaviyo reads (or writes) two datasets with a service account used by nothing else"
            " ({account}).",
            account=account,
        )
        if account
        else message(
            "What it is for: Klaviyo reads (or writes) two datasets with a service account used by nothing else."
        ),
        message(
            "It gets the least it needs: Job User on the project, so that it can run queries, and one role on each of "
            "its datasets; nothing on any other dataset."
        ),
    ]
    lines += _policy(problem)
    if steps:
        lines += ["", message("Please run:"), *_listed(steps)]
    if _any_like(steps, cmd.CREATE_KEY):
        secret = message(
            "The file this makes is a secret: please hand it over on a safe channel, never by mail or chat."
        )
        lines += ["", secret]
    if undo:
        lines += [] if undo[0].text else ["", message("To take it back:")]
        lines += _listed(undo)
    elif _any_like(steps, cmd.DELETE_KEY):
        lines += [
            "",
            message("This cannot be taken back: a deleted key is gone for good, and a new one is made instead."),
        ]
    if _constraints(problem)[0]:
        lines += [
            "",
            message(
                "Please restore the policy as soon as I have confirmed; what exists by then goes on working. If "
                "the first commands showed a policy of the project's own, set that one again instead of deleting."
            ),
        ]
    lines += ["", message("Google's page: {link}", link=problem.link), "", message("Thank you"), ""]
    return joined("\n", *lines)


def _listed(steps: Iterable[RemedyStep]) -> list[Message | str]:
    """Return steps as paragraphs: a sentence, with the commands indented below it."""
    lines: list[Message | str] = []
    for each in steps:
        lines += ["", each.text] if each.text else []
        lines += ["", *(f"    {line}" for line in each.lines)] if each.commands else []
    return lines


def _needed(problem: Problem) -> list[Message | str]:
    """Return the permission and the role, if the problem names them."""
    permission = problem.detail("permission")
    known = PERMISSIONS.get(permission)
    lines: list[Message | str] = [row(message("Permission:"), permission, _LABEL)] if permission else []
    if known is not None and _role_helps(problem):
        lines.append(row(message("Role:"), known.granted, _LABEL))
    return lines


def _constraints(problem: Problem) -> tuple[str, str]:
    """Return the constraint behind a refusal, legacy and managed; both empty if there is none."""
    if problem.code == Code.ORG_POLICY:
        return problem.detail("constraint").removeprefix("constraints/"), ""
    return _POLICY_CODES.get(problem.code, ("", "")) if problem.code is not None else ("", "")


def _policy(problem: Problem) -> list[Message | str]:
    """Return the lines about an organization policy: which one, where to make the exception, and for how long."""
    legacy, managed = _constraints(problem)
    if not legacy:
        return []
    return [
        "",
        message("The policy: constraints/{legacy}.", legacy=legacy)
        if not managed
        else message(
            "The policy: constraints/{legacy} (legacy) or constraints/{managed} (managed); either one is enough to "
            "block.",
            legacy=legacy,
            managed=managed,
        ),
        message(
            "What I ask for: an exception at this one project (or by a tag on it), not for the organization, and only "
            "for as long as it takes to make the one thing. It may take 15 minutes to have effect."
        ),
    ]
