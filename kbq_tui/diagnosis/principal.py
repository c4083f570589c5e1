"""Remedies for a refused principal: what to grant to a service account or a person."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kbq_tui.diagnosis.entry import LATE, filled, values
from kbq_tui.diagnosis.permissions import DATASET_OWNER, PERMISSIONS, PROJECT_ADMIN, Permission
from kbq_tui.i18n.messages import N_, message
from kbq_tui.model.problem import Context, Problem, RemedyStep
from kbq_tui.shell import commands as cmd

_READ: Final = N_("read the data")
_WRITE: Final = N_("write the data")
_VIEWER: Final = ("roles/bigquery.dataViewer", "BigQuery Data Viewer", "dataset", DATASET_OWNER)
_CALLER: Final = ("roles/bigquery.metadataViewer", "BigQuery Metadata Viewer", "dataset", DATASET_OWNER)
_EDITOR: Final = ("roles/bigquery.dataEditor", "BigQuery Data Editor", "dataset", DATASET_OWNER)
_SESSIONS: Final = ("roles/bigquery.readSessionUser", "BigQuery Read Session User", "project", PROJECT_ADMIN)

_GRANTS: Final[Mapping[str, Permission]] = {
    name: Permission(name, purpose, *role)
    for purpose, role, names in (
        (
            _READ,
            _VIEWER,
            ("datasets.get", "tables.get", "tables.getData", "tables.list"),
        ),
        (_READ, _CALLER, ("routines.get", "routines.list")),
        (_WRITE, _EDITOR, ("tables.create", "tables.update", "tables.updateData", "tables.delete")),
        (_READ, _SESSIONS, ("readsessions.create", "readsessions.getData", "readsessions.update")),
    )
    for name in (f"bigquery.{each}" for each in names)
}
"""The narrowest role for what an account of Klaviyo or of another product does with data.

Source: https://cloud.google.com/bigquery/docs/access-control
"""


def for_principal(problem: Problem, principal: str, permission: str, context: Context) -> Problem:
    """Return a refusal with the remedy for the principal that was refused.

    Args:
        problem: the refusal.
        principal: the e-mail of a service account or a person.
        permission: what was refused, such as `bigquery.datasets.get`.
        context: what is known of the connection.
    """
    row = _GRANTS.get(permission) or PERMISSIONS.get(permission)
    details = {**problem.details, "permission": permission}
    if row is not None:
        details["role"] = row.role
    known = values(replace(context, operator=principal), details)
    project, dataset = known.get("project", ""), known.get("dataset", "")
    if row is not None and row.level == "dataset" and project and dataset:
        cause = message(
            "{principal} lacks the permission {permission} on dataset {dataset} of project {project}.",
            principal=principal,
            permission=permission,
            dataset=dataset,
            project=project,
        )
    elif project:
        cause = message(
            "{principal} lacks the permission {permission} in project {project}.",
            principal=principal,
            permission=permission,
            project=project,
        )
    else:
        cause = message(
            "{principal} lacks the permission {permission} in your project.", principal=principal, permission=permission
        )
    if row is None:
        look = message(
            "See which roles {principal} holds, and grant one that has {permission}:", **_both(principal, permission)
        )
        return replace(
            problem, cause=cause, details=details, steps=(RemedyStep(look, filled([cmd.SHOW_POLICY], known)), LATE)
        )
    grant = message("Grant {principal} the role {title} ({role}):", principal=principal, title=row.title, role=row.role)
    return replace(
        problem,
        title=message("A permission is missing"),
        cause=cause,
        steps=(RemedyStep(grant, filled([row.grant], known)), LATE),
        who=message("{who}: {permission}, role {role}.", who=row.whoever, permission=permission, role=row.granted),
        details=details,
    )


def _both(principal: str, permission: str) -> dict[str, str]:
    return {"principal": principal, "permission": permission}
