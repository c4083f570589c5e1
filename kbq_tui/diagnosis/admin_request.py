"""What to send to the person who may do what the operator may not: role, reason, command, undo."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from kbq_tui.diagnosis.catalogue import LEVELLED, LEVELS, PERMISSIONS
from kbq_tui.diagnosis.entry import clean, fill_command, fill_step, names_of, values
from kbq_tui.diagnosis.requests import LOOK, step
from kbq_tui.diagnosis.requests_data import REQUESTS
from kbq_tui.i18n.messages import EMPTY, Message, joined, message, row
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.model.refs import Grantable
from kbq_tui.shell import commands as cmd


class RequestedAction(StrEnum):
    """A step of the set-up that somebody else can do."""

    ENABLE_API = "enable-api"
    CREATE_DATASET = "create-dataset"
    CREATE_ACCOUNT = "create-account"
    CREATE_KEY = "create-key"
    DELETE_KEY = "delete-key"
    GRANT_PROJECT = "grant-project"
    GRANT_DATASET = "grant-dataset"
    REVOKE_PROJECT = "revoke-project"
    REVOKE_DATASET = "revoke-dataset"
    LIFT_KEY_POLICY = "lift-key-policy"
    LIFT_ACCOUNT_POLICY = "lift-account-policy"
    LIFT_DOMAIN_POLICY = "lift-domain-policy"
    LIFT_LOCATION_POLICY = "lift-location-policy"


class Commands(NamedTuple):
    """Commands that do a step, and those that undo it. Complete: what is not known stands as `PROJECT_ID`.

    A step without a text is nothing but its commands; one without a command says what to click.
    """

    do: tuple[RemedyStep, ...]
    undo: tuple[RemedyStep, ...]


_KEY: Final = "iam.disableServiceAccountKeyCreation"
_ACCOUNT: Final = "iam.disableServiceAccountCreation"


def _lift(legacy: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return look, lift and restore for the legacy and the managed constraint: either one alone blocks."""
    both = (legacy, legacy.replace("iam.", "iam.managed.", 1))
    templates = (cmd.DESCRIBE_POLICY, cmd.LIFT_POLICY)
    return (
        tuple(t.replace("{constraint}", constraint) for t in templates for constraint in both),
        tuple(cmd.RESTORE_POLICY.replace("{constraint}", constraint) for constraint in both),
    )


_TEMPLATES: Final[dict[RequestedAction, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    RequestedAction.ENABLE_API: ((cmd.ENABLE_API,), (cmd.DISABLE_API,)),
    RequestedAction.CREATE_DATASET: ((cmd.CREATE_DATASET,), (cmd.DELETE_DATASET,)),
    RequestedAction.CREATE_ACCOUNT: ((cmd.CREATE_ACCOUNT,), (cmd.DELETE_ACCOUNT,)),
    RequestedAction.CREATE_KEY: ((cmd.CREATE_KEY,), (cmd.LIST_KEYS, cmd.DELETE_KEY)),
    RequestedAction.DELETE_KEY: ((cmd.DELETE_KEY,), ()),
    RequestedAction.GRANT_PROJECT: ((cmd.GRANT_PROJECT,), (cmd.REVOKE_PROJECT,)),
    RequestedAction.GRANT_DATASET: ((cmd.GRANT_DATASET,), (cmd.REVOKE_DATASET,)),
    RequestedAction.REVOKE_PROJECT: ((cmd.REVOKE_PROJECT,), (cmd.GRANT_PROJECT,)),
    RequestedAction.REVOKE_DATASET: ((cmd.REVOKE_DATASET,), (cmd.GRANT_DATASET,)),
    RequestedAction.LIFT_KEY_POLICY: _lift(_KEY),
    RequestedAction.LIFT_ACCOUNT_POLICY: _lift(_ACCOUNT),
    RequestedAction.LIFT_DOMAIN_POLICY: ((*cmd.LOOK_DOMAINS, *cmd.LIFT_DOMAINS), cmd.RESTORE_DOMAINS),
    RequestedAction.LIFT_LOCATION_POLICY: ((*cmd.LOOK_LOCATIONS, cmd.LIFT_LOCATIONS), (cmd.RESTORE_LOCATIONS,)),
}

_ROLE_FOR_OPERATOR: Final = {
    "project": ((cmd.GRANT_OPERATOR,), (cmd.REVOKE_OPERATOR,)),
    "dataset": ((cmd.GRANT_OPERATOR_DATASET,), (cmd.REVOKE_OPERATOR_DATASET,)),
    "organization": ((cmd.GRANT_OPERATOR_ORGANIZATION,), (cmd.REVOKE_OPERATOR_ORGANIZATION,)),
}
"""What cannot be done in the operator's stead: the role for it, by the level at which it is granted."""

_BY_NAME: Final[dict[str, RequestedAction]] = {
    "serviceusage.services.enable": RequestedAction.ENABLE_API,
    "bigquery.datasets.create": RequestedAction.CREATE_DATASET,
    "bigquery.datasets.update": RequestedAction.GRANT_DATASET,
    "bigquery.datasets.setIamPolicy": RequestedAction.GRANT_DATASET,
    "iam.serviceAccounts.create": RequestedAction.CREATE_ACCOUNT,
    "iam.serviceAccountKeys.create": RequestedAction.CREATE_KEY,
    "iam.serviceAccountKeys.delete": RequestedAction.DELETE_KEY,
    "resourcemanager.projects.getIamPolicy": RequestedAction.GRANT_PROJECT,
    "resourcemanager.projects.setIamPolicy": RequestedAction.GRANT_PROJECT,
    "bigquery.jobs.create": RequestedAction.GRANT_PROJECT,
    "KBQ-API-DISABLED": RequestedAction.ENABLE_API,
    "KBQ-DATASET-CREATE-DENIED": RequestedAction.CREATE_DATASET,
    "KBQ-DATASET-NOT-FOUND": RequestedAction.CREATE_DATASET,
    "KBQ-DATASET-GRANT-DENIED": RequestedAction.GRANT_DATASET,
    "KBQ-JOB-USER-MISSING": RequestedAction.GRANT_PROJECT,
    "KBQ-KEY-CREATE-DENIED": RequestedAction.CREATE_KEY,
    "KBQ-KEY-CREATION-BLOCKED": RequestedAction.LIFT_KEY_POLICY,
    "KBQ-ACCOUNT-CREATION-BLOCKED": RequestedAction.LIFT_ACCOUNT_POLICY,
    "KBQ-TABLE-READ-DENIED": RequestedAction.GRANT_DATASET,
    "KBQ-TABLE-WRITE-DENIED": RequestedAction.GRANT_DATASET,
    "KBQ-DOMAIN-RESTRICTED": RequestedAction.LIFT_DOMAIN_POLICY,
    "KBQ-GRANT-BLOCKED": RequestedAction.LIFT_DOMAIN_POLICY,
    "KBQ-LOCATION-FORBIDDEN": RequestedAction.LIFT_LOCATION_POLICY,
    f"constraints/{_KEY}": RequestedAction.LIFT_KEY_POLICY,
    f"constraints/{_ACCOUNT}": RequestedAction.LIFT_ACCOUNT_POLICY,
}
_ROLES: Final[dict[str, str]] = {
    "KBQ-TABLE-READ-DENIED": "roles/bigquery.dataViewer",
    "KBQ-TABLE-WRITE-DENIED": "roles/bigquery.dataEditor",
}


def commands_for(what: str, context: Context, on: Grantable | None = None, /, **details: str) -> Commands:
    """Return the commands that do a step in the operator's stead, and those that undo it.

    Args:
        what: a `RequestedAction`, a permission, a constraint, or the code of a Problem.
        context: what is known of the connection.
        on: what a role is held on.
        details: what the context does not hold: `role` (a grant on the project is Job User unless told otherwise),
            `service` of an API, `key_id`.

    Returns:
        Both empty where there is no command for it.
    """
    deed = RequestedAction(what) if what in tuple(RequestedAction) else _BY_NAME.get(what)
    known = values(context, {name: clean(value) for name, value in details.items()})
    if what in REQUESTS:
        return _asked(what, known, on)
    if deed is None:
        row = PERMISSIONS.get(what)
        if row is None:
            return Commands((), ())
        return _filled(*_ROLE_FOR_OPERATOR[row.level], {**known, "role": row.role})
    if "role" not in known and what in _ROLES:
        known["role"] = _ROLES[what]
    elif "role" not in known and deed is RequestedAction.GRANT_PROJECT:
        known["role"] = "roles/bigquery.jobUser"
    do, undo = _TEMPLATES[deed]
    if deed is RequestedAction.ENABLE_API and "consumer" in details:  # it is off where the call was charged
        do, undo = (tuple(t.replace("{project}", "{consumer}") for t in templates) for templates in (do, undo))
    return _filled(do, undo, known)


def _filled(do: tuple[str, ...], undo: tuple[str, ...], known: Mapping[str, str]) -> Commands:
    return Commands(_bare(fill_command(t, known) for t in do), _bare(fill_command(t, known) for t in undo))


def _bare(commands: Iterable[str]) -> tuple[RemedyStep, ...]:
    """Return commands that stand for themselves as a step; nothing where there is none."""
    made = tuple(commands)
    return (RemedyStep(EMPTY, made),) if made else ()


def _asked(code: str, known: dict[str, str], on: Grantable | None) -> Commands:
    look, do, undo = REQUESTS[code]
    if code in LEVELLED and on is not None:
        level = LEVELS[type(on)]
        do, undo = (do[level],), (undo[level],)
        known |= names_of(on)
    steps = (step(LOOK, *look), *do)
    return Commands(tuple(fill_step(t, known) for t in steps), tuple(fill_step(t, known) for t in undo))


_GENERAL: Final = frozenset({"KBQ-PERMISSION-MISSING", "KBQ-NOT-PERMITTED", "KBQ-STATE-UNKNOWN"})
"""Where somebody who holds the permission can do the step itself as well."""

_NAMED: Final = (
    re.compile(r"\b(?P<role>roles/[\w.]+\w)"),
    re.compile(r"\bSCHEMA (?:IF (?:NOT )?EXISTS )?`[^`]{1,200}\.(?P<dataset>\w{1,1024})`"),
    re.compile(r"\bservices enable (?P<service>[a-z0-9.-]{1,100})"),
)
_TAKES: Final = re.compile(r"\bREVOKE\b|\bremove-iam-policy-binding\b|\bDROP\b|\bdelete\b|\brm\b")
_UNFILLED: Final = re.compile(r"\b(?:DATASET|LOCATION|PROJECT_ID|ROLE|SERVICE_ACCOUNT_EMAIL)\b")


def commands_of(problem: Problem, context: Context, commands: Sequence[str] = ()) -> Commands:
    """Return what whoever can help would run for one problem, and what takes it back.

    Args:
        problem: what it names (the API, the dataset, the project) goes before what is known of the connection.
        context: what is known of the connection.
        commands: that of the step which the problem keeps from being done, where there is one.
    """
    permission = problem.detail("permission")
    # The role beside a permission is the operator's, not one to be granted to the service account.
    details = {name: str(value) for name, value in problem.details.items() if name != "resource"}
    known = {name: value for name, value in details.items() if name != "role" or not permission}
    code = problem.code or ""
    own = _has_own_request(code)
    if permission and commands and not own:  # the step itself, done by somebody who may
        return Commands(_bare(commands), _undo(permission, context, known, commands))
    found = Commands((), ()) if own or not permission else commands_for(permission, context, **known)
    if not found.do:
        found = commands_for(code, context, problem.resource, **(details if code in REQUESTS else known))
    if not found.do:
        return Commands(_bare(commands), ())
    if commands and code in _GENERAL:
        return Commands((*found.do, RemedyStep(message("Or do the step itself:"), tuple(commands))), found.undo)
    return found


def _has_own_request(code: str) -> bool:
    """Return whether something else helps than a role with the permission that was refused."""
    return code in REQUESTS and code not in _GENERAL


def lines_of(steps: Iterable[RemedyStep]) -> tuple[str, ...]:
    """Return the commands alone, of what `Commands` holds."""
    return tuple(command for step in steps for command in step.commands)


def _undo(
    permission: str, context: Context, known: Mapping[str, str], commands: Sequence[str]
) -> tuple[RemedyStep, ...]:
    """Return what takes one step back, made of what its command names; nothing where that is not certain."""
    deed = _BY_NAME.get(permission)
    if deed is None or len(commands) != 1:
        return ()
    named = {name: value for name, value in known.items() if name not in ("dataset", "service")}
    for pattern in _NAMED:
        named |= match.groupdict() if (match := pattern.search(commands[0])) else {}
    if deed is RequestedAction.CREATE_DATASET and "dataset" not in named:
        return ()
    made = commands_for(deed, context, **named)
    takes = _TAKES.search(commands[0]) is not None
    if takes and deed not in (RequestedAction.GRANT_PROJECT, RequestedAction.GRANT_DATASET):
        return ()
    steps = made.do if takes else made.undo
    return () if any(_UNFILLED.search(line) for line in lines_of(steps)) else steps


_POLICY_CODES: Final = {
    "KBQ-KEY-CREATION-BLOCKED": (_KEY, _KEY.replace("iam.", "iam.managed.", 1)),
    "KBQ-ACCOUNT-CREATION-BLOCKED": (_ACCOUNT, _ACCOUNT.replace("iam.", "iam.managed.", 1)),
    "KBQ-DOMAIN-RESTRICTED": (cmd.DOMAINS, cmd.MEMBERS),
    "KBQ-GRANT-BLOCKED": (cmd.DOMAINS, cmd.MEMBERS),
    "KBQ-LOCATION-FORBIDDEN": (cmd.LOCATIONS, ""),
    "KBQ-KEY-EXPIRY-POLICY": (cmd.EXPIRY, ""),
}
"""The constraints that may be behind a refusal: legacy and managed."""


_LABEL: Final = 13


def handoff(problem: Problem, context: Context, steps: Sequence[RemedyStep], undo: Sequence[RemedyStep]) -> Message:
    """Return a plain-text message for the person who may do what the operator may not.

    Args:
        problem: what stands in the way.
        context: what is known of the connection.
        steps: what they would do, as from `commands_for`.
        undo: what takes it back.
    """
    commands = lines_of(steps)
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
    if any("service-accounts keys create" in command for command in commands):
        secret = message(
            "The file this makes is a secret: please hand it over on a safe channel, never by mail or chat."
        )
        lines += ["", secret]
    if undo:
        lines += [] if undo[0].text else ["", message("To take it back:")]
        lines += _listed(undo)
    elif any("service-accounts keys delete" in command for command in commands):
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
    """Return steps as paragraphs: a sentence, and indented below it what to run."""
    lines: list[Message | str] = []
    for each in steps:
        lines += ["", each.text] if each.text else []
        lines += ["", *(f"    {command}" for command in each.commands)] if each.commands else []
    return lines


def _needed(problem: Problem) -> list[Message | str]:
    """Return the permission and the role, where the problem names them."""
    permission = problem.detail("permission")
    known = PERMISSIONS.get(permission)
    lines: list[Message | str] = [row(message("Permission:"), permission, _LABEL)] if permission else []
    if known is not None and not _has_own_request(problem.code or ""):
        lines.append(row(message("Role:"), known.granted, _LABEL))
    return lines


def _constraints(problem: Problem) -> tuple[str, str]:
    """Return the constraint behind a refusal, legacy and managed; both empty where there is none."""
    if problem.code == "KBQ-ORG-POLICY":
        return problem.detail("constraint").removeprefix("constraints/"), ""
    return _POLICY_CODES.get(problem.code or "", ("", ""))


def _policy(problem: Problem) -> list[Message | str]:
    """Return what has to be said of an organization policy: which, where the exception, and for how long."""
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
