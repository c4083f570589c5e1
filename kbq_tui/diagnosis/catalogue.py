"""The catalogue of problems: every way in which Google, the network or this machine refuses, and what to do about it.

The entries are data, split by subject in `entries`; this module finds them and fills in their fields.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from kbq_tui.diagnosis.entry import LATE, Entry, can_be_filled, fill, fill_step, filled, names_of, shown, values
from kbq_tui.diagnosis.permissions import PERMISSIONS, Permission
from kbq_tui.i18n.messages import N_, Message, message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.model.refs import Grantable

__all__ = ["PERMISSIONS", "Entry", "Permission", "permission_missing", "problem"]


@cache
def _entries() -> Mapping[Code, Entry]:
    """Return every entry by code. They are read in when the first problem is to be described: most runs have none."""
    from kbq_tui.diagnosis.all_entries import ENTRIES

    return ENTRIES


@cache
def _by_permission() -> Mapping[str, Code]:
    return {permission: code for code, entry in _entries().items() for permission in entry.permissions}


def entry_of(text: str | None) -> Entry | None:
    """Return the entry of a code in a text, such as a journal's or a pasted one; None if it is not a code."""
    return _entries().get(Code(text or ""))


def settling_time(code: Code) -> int:
    """Return for how long a recent change of ours may be the reason for a problem, in seconds; 0 if it cannot."""
    return _entries()[code].settle


_DEFAULTS: Final[Mapping[Code, Mapping[str, str]]] = {
    Code.KEY_CREATION_BLOCKED: {"constraint": "iam.disableServiceAccountKeyCreation"},
    Code.ACCOUNT_CREATION_BLOCKED: {"constraint": "iam.disableServiceAccountCreation"},
    Code.DATASET_GRANT_DENIED: {"permission": "bigquery.datasets.update"},
    Code.TABLE_WRITE_DENIED: {"permission": "bigquery.tables.updateData"},
    Code.ROLE_LEVEL: {"role": "roles/bigquery.jobUser"},
}
"""Values for an entry's fields if the error has none; never shown as if the error had named them."""


def code_for_permission(permission: str) -> Code:
    """Return the code for a permission that was denied; the general one if it has no entry."""
    return _by_permission().get(permission, Code.PERMISSION_MISSING)


def problem(code: Code, context: Context, /, *, original: str | Message = "", **details: object) -> Problem:
    """Return one entry as a Problem.

    Args:
        code: the entry's.
        context: what is known of the connection; fills the fields for which `details` has no value.
        original: the error's own text.
        details: identifiers that belong to this one failure, such as `permission` or `path`; empty ones are dropped.
            `resource` is what a role is held on, if it is a reference.

    Raises:
        KeyError: for a code that is not in the catalogue.
    """
    entry = _entries()[code]
    resource = details.get("resource")
    on = resource if isinstance(resource, Grantable) else None
    if on is not None:
        details["resource"] = on.words
    kept = {name: text for name, value in details.items() if (text := shown(value))}
    known = {**_DEFAULTS.get(code, {}), **values(context, kept)}
    steps = entry.steps
    if on is not None and any(step.level is not None for step in steps):
        steps = tuple(step for step in steps if step.level in (None, type(on)))
        known |= names_of(on)
    said = {name: value for name, value in kept.items() if isinstance(value, Message)}
    filling: dict[str, str | Message] = {**known, **said}
    # If the connection is known, commands that would have to be completed by hand are left out. In the explanation of a
    # pasted text they are shown with their placeholders.
    open_blanks = not context.project
    return Problem(
        code=entry.code,
        title=fill(entry.title, filling, open_blanks=open_blanks),
        cause=fill(entry.cause, filling, open_blanks=open_blanks),
        steps=tuple(made for step in steps for made in fill_step(step, filling, open_blanks=open_blanks)),
        who=fill(entry.who, filling, open_blanks=open_blanks),
        kind=entry.kind,
        retry=entry.retry,
        wait=entry.wait,
        link=entry.link,
        details=kept,
        original=shown(original, 2_000),
        resource=on,
    )


_OPERATOR_CODES: Final = frozenset(
    {Code.DATASET_CREATE_DENIED, Code.DATASET_GRANT_DENIED, Code.KEY_CREATE_DENIED, Code.PERMISSION_MISSING}
)


_NEEDED: Final = N_("That needs the permission {permission}, which is missing in project {project}.")
N_("That needs the permission {permission}, which is missing in your project.")


def is_operators(code: Code, permission: str) -> bool:
    """Return whether a denied permission is one that the operator needs, so that `permission_missing` can say more."""
    return code in _OPERATOR_CODES and permission in PERMISSIONS and code_for_permission(permission) == code


def permission_missing(
    permission: str, context: Context, /, *, original: str | Message = "", **details: object
) -> Problem:
    """Return the Problem of a permission that the operator lacks, as found by a preflight.

    Args:
        permission: such as `iam.serviceAccountKeys.create`; preferably one of `PERMISSIONS`.
        context: what is known of the connection.
        original: the error's own text, if there was an error.
        details: further identifiers of this one failure.
    """
    code = code_for_permission(permission)
    if code not in _OPERATOR_CODES:
        code = Code.PERMISSION_MISSING
    row = PERMISSIONS.get(permission)
    if row is None:
        return problem(code, context, original=original, **{**details, "permission": permission})
    base = problem(code, context, original=original, **{**details, "permission": permission, "role": row.role})
    known = values(context, base.details)
    purpose = Message(row.purpose)
    open_blanks = not context.project
    who, grant = Message(row.who), [row.grant]
    if open_blanks or can_be_filled(grant, known):
        ask = message("Ask {who} for the role {title} ({role}):", who=who, title=row.title, role=row.role)
    else:
        ask = message("Ask {who} for the role {title} ({role}).", who=who, title=row.title, role=row.role)
        grant = []
    steps = [RemedyStep(ask, filled(grant, known))]
    if row.widen is not None and (open_blanks or can_be_filled([row.widen], known)):
        steps.append(RemedyStep(row.into_custom_role, filled([row.widen], known)))
    instead = [command for command in row.instead if open_blanks or can_be_filled([command], known)]
    if instead:
        steps.append(RemedyStep(message("Or ask for the step itself to be done:"), filled(instead, known)))
    return replace(
        base,
        title=message("You may not {purpose}", purpose=purpose),
        cause=fill(_NEEDED, {**known, "permission": row.name}),
        steps=(*steps, LATE),
        who=message("{who}: {permission}, role {role}.", who=row.whoever, permission=row.names, role=row.granted),
    )
