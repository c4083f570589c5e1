"""The gcloud or bq command that does the same as one action."""

from kbq_tui.model.command import Command
from kbq_tui.model.operations import (
    Action,
    CreateAccount,
    CreateDataset,
    CreateKey,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    EnableService,
    GrantDatasetRole,
    GrantProjectRole,
    RevokeDatasetRole,
    RevokeProjectRole,
    RevokeTableRole,
)
from kbq_tui.model.text import inert
from kbq_tui.shell import commands as cmd


def default_key_file(email: str) -> str:
    """Return the name of a key file in the folder in which a command is run."""
    return f"{email.partition('@')[0]}.json"


def command_of(action: Action, location: str | None = None) -> Command:
    """Return the command that does the same, and what takes it back.

    Sources: https://cloud.google.com/sdk/gcloud/reference, https://cloud.google.com/bigquery/docs/reference/bq-cli-reference

    Args:
        action: what is done.
        location: where SQL runs; the dataset's own where the action names one; left out where it is not known.
    """
    command, values = _row(action)
    where = values.get("location") or location or ""
    values = {"project": action.resource.project, **values, "location": where}
    return (command if where else command.without(cmd.LOCATION)).changed(**values)


def _row(action: Action) -> tuple[Command, dict[str, str]]:
    match action.op:
        case EnableService(service=service):
            return cmd.ENABLE_API, {"service": service}
        case CreateDataset(dataset=dataset, location=location):
            return cmd.CREATE_DATASET, {"dataset": dataset, "location": location}
        case CreateAccount(account_id=account_id, display_name=display_name):
            email = action.resource.name
            return cmd.CREATE_ACCOUNT, {"account_id": account_id, "display_name": display_name, "account": email}
        case CreateKey(email=email, key_file=wanted):
            return cmd.CREATE_KEY, {"key_path": wanted or default_key_file(email), "account": email}
        case GrantProjectRole(role=role, member=member):
            return cmd.GRANT_PROJECT, {"role": role, "role_holder": member, "bindings": "--condition=None"}
        case RevokeProjectRole(role=role, member=member):
            return cmd.REVOKE_PROJECT, {"role": role, "role_holder": member, "bindings": "--condition=None"}
        case GrantDatasetRole(dataset=dataset, role=role, member=member):
            return cmd.GRANT_DATASET, {"dataset": dataset, "role": role, "role_holder": member}
        case RevokeDatasetRole(dataset=dataset, role=role, member=member, location=own):
            return cmd.REVOKE_DATASET, {"dataset": dataset, "role": role, "role_holder": member, "location": own or ""}
        case RevokeTableRole(dataset=dataset, table=table, role=role, member=member):
            return cmd.REVOKE_TABLE, {"dataset": dataset, "table": table, "role": role, "role_holder": member}
        case DeleteKey(email=email, key_id=key_id):
            return cmd.DELETE_KEY, {"account": email, "key_id": key_id}
        case DeleteAccount(email=email):
            return cmd.DELETE_ACCOUNT, {"account": email}
        case DeleteDataset(dataset=dataset):
            return cmd.DELETE_DATASET, {"dataset": dataset}


def command_for(action: Action, location: str | None = None) -> str:
    """Return the command on one line; a comment where a name in the action (which may come from outside) fits none.

    Arguments as for `command_of`.
    """
    command = command_of(action, location)
    return str(command) if not command.missing else f"# No safe command for: {inert(str(action.summary), 200)}"
