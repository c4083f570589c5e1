"""One row for each kind of operation: its command, the permissions it needs, and the sentence for its result."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from kbq_tui.i18n.messages import N_, Message
from kbq_tui.model.command import Command
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import (
    Action,
    CreateAccount,
    CreateDataset,
    CreateKey,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    DisableKey,
    DropDataset,
    DropView,
    EnableKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    RevokeTableRole,
)
from kbq_tui.model.text import inert
from kbq_tui.shell import commands as cmd


@dataclass(frozen=True, slots=True)
class OperationRow:
    """The row of one kind of operation. The fields of command and texts are named in `_values`.

    Attributes:
        command: the gcloud or bq command that does the same, with the one that undoes it.
        made: the sentence once it is done.
        there: the sentence if it was so already; as `made` if the two cannot be told apart.
        permissions: the permissions it needs on the project. None for access to datasets: a dataset's owner may change
            it without any permission on the project.
    """

    command: Command
    made: str
    there: str = ""
    permissions: tuple[str, ...] = ()


_SET_POLICY: Final = ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy")

ROWS: Final[Mapping[type[Operation], OperationRow]] = {
    EnableService: OperationRow(
        cmd.ENABLE_API, N_("API {service} is on"), permissions=("serviceusage.services.enable",)
    ),
    CreateDataset: OperationRow(
        cmd.CREATE_DATASET,
        N_("Dataset {dataset} created, in {location}"),
        N_("Dataset {dataset} was there already, in {location}"),
        ("bigquery.datasets.create",),
    ),
    CreateAccount: OperationRow(
        cmd.CREATE_ACCOUNT,
        N_("Service account {email} created"),
        N_("Service account {email} was there already"),
        ("iam.serviceAccounts.create",),
    ),
    CreateKey: OperationRow(
        cmd.CREATE_KEY, N_("Key {key} kept in {path}"), permissions=("iam.serviceAccountKeys.create",)
    ),
    GrantProjectRole: OperationRow(
        cmd.GRANT_PROJECT.changed(bindings="--condition=None"),
        N_("{role} granted on project {project}"),
        N_("{role} was granted already on project {project}"),
        _SET_POLICY,
    ),
    RevokeProjectRole: OperationRow(
        cmd.REVOKE_PROJECT.changed(bindings="--condition=None"),
        N_("{role} removed on project {project}"),
        N_("{role} was not there on project {project}"),
        _SET_POLICY,
    ),
    GrantDatasetRole: OperationRow(
        cmd.GRANT_DATASET,
        N_("{role} granted on dataset {dataset}"),
        N_("{role} was granted already on dataset {dataset}"),
    ),
    RevokeDatasetRole: OperationRow(
        cmd.REVOKE_DATASET,
        N_("Access entry of {member} removed on dataset {dataset}"),
        N_("Access entry of {member} was not there on dataset {dataset}"),
    ),
    RevokeTableRole: OperationRow(
        cmd.REVOKE_TABLE,
        N_("{role} removed on table {table}"),
        N_("{role} was not there on table {table}"),
    ),
    DeleteKey: OperationRow(cmd.DELETE_KEY, N_("Key {key} deleted"), N_("Key {key} was gone already")),
    DisableKey: OperationRow(cmd.DISABLE_KEY, N_("Key {key} disabled")),
    EnableKey: OperationRow(cmd.ENABLE_KEY, N_("Key {key} enabled")),
    DeleteAccount: OperationRow(
        cmd.DELETE_ACCOUNT, N_("Service account {email} deleted"), N_("Service account {email} was gone already")
    ),
    DeleteDataset: OperationRow(
        cmd.DELETE_DATASET, N_("Dataset {dataset} deleted"), N_("Dataset {dataset} was gone already")
    ),
    DropDataset: OperationRow(
        cmd.DROP_DATASET, N_("Dataset {dataset} deleted, with its tables"), N_("Dataset {dataset} was gone already")
    ),
    DropView: OperationRow(
        cmd.DROP_VIEW, N_("View {dataset}.{view} deleted"), N_("View {dataset}.{view} was gone already")
    ),
}


def row_of(op: Operation) -> OperationRow:
    """Return the row of an operation's kind."""
    return ROWS[type(op)]


def default_key_file(email: str) -> str:
    """Return the name of a key file in the working directory."""
    return f"{email.partition('@')[0]}.json"


def _values(action: Action) -> dict[str, str]:
    """Return the values for the fields of a row: the operation's fields that are text, by the names used in rows.

    `email` and `account` are the service account, `role_holder` is the member, `key_path` the file of a new key.
    """
    own = {field.name: getattr(action.op, field.name) for field in fields(action.op)}
    values = {name: value for name, value in own.items() if isinstance(value, str)}
    email = values.get("email") or action.resource.name
    key_path = values.get("key_file") or default_key_file(email)
    more = {"email": email, "account": email, "role_holder": values.get("member", ""), "key_path": key_path}
    return {"project": action.resource.project, **values, **more}


def command_of(action: Action, location: str | None = None) -> Command:
    """Return the command that does the same as an action, with the commands that undo it.

    Sources: https://cloud.google.com/sdk/gcloud/reference,
    https://cloud.google.com/bigquery/docs/reference/bq-cli-reference

    Args:
        action: the action.
        location: where SQL runs; the dataset's own if the action names one; left out if not known.
    """
    command, values = row_of(action.op).command, _values(action)
    where = values.get("location") or location or ""
    return (command if where else command.without(cmd.LOCATION)).filled({**values, "location": where})


def command_for(action: Action, location: str | None = None) -> str:
    """Return the command on one line; a comment instead if a name in the action (possibly from outside) fits no rule.

    Arguments as for `command_of`.
    """
    command = command_of(action, location)
    return str(command) if not command.missing else f"# No safe command for: {inert(str(action.summary), 200)}"


def outcome_of(action: Action, *, changed: bool, **more: str) -> Message:
    """Return one line for a person about an action that was carried out.

    Args:
        action: the action.
        changed: whether it was done now; otherwise it was so before.
        more: values that are known only afterwards: `key` and `path` of a new key.
    """
    row, values = row_of(action.op), _values(action)
    if isinstance(action.op, RevokeTableRole):
        values["table"] = f"{action.op.dataset}.{action.op.table}"
    values = {**values, "key": values.get("key_id", "")[:12], **more}
    template = row.made if changed or not row.there else row.there
    return Message(template, {name: value for name, value in values.items() if f"{{{name}}}" in template})
