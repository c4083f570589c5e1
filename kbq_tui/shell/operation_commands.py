"""The gcloud or bq command that does the same as one action."""

import shlex

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
from kbq_tui.shell import sql


def default_key_file(email: str) -> str:
    """Return the name of a key file in the folder in which a command is run."""
    return f"{email.partition('@')[0]}.json"


def sql_for(action: Action) -> str | None:
    """Return the SQL statement that does the same, without the semicolon; None where SQL cannot do it.

    Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language

    Raises:
        ValueError: where a name in the action cannot be quoted safely.
    """
    project = action.resource.project
    match action.op:
        case CreateDataset(dataset=dataset, location=location):
            return sql.create_schema(project, dataset, location)
        case GrantDatasetRole(dataset=dataset, role=role, member=member):
            return sql.grant_on_schema(role, project, dataset, member)
        case RevokeDatasetRole(dataset=dataset, role=role, member=member):
            return sql.revoke_on_schema(role, project, dataset, member)
        case _:
            return None


def command_for(action: Action, location: str | None = None, key_file: str | None = None) -> str:
    """Return the equivalent gcloud or bq command, on one line, quoted for a shell.

    Sources: https://cloud.google.com/sdk/gcloud/reference, https://cloud.google.com/bigquery/docs/reference/bq-cli-reference

    Args:
        action: what is done.
        location: where SQL runs; the dataset's own where the action names one; left out where it is not known.
        key_file: where a new key goes, if the action does not say.

    Returns:
        The command; a comment where a name in the action (which may come from outside) cannot be quoted safely.
    """
    try:
        return _command(action, location, key_file)
    except ValueError:
        return f"# No safe command for: {inert(str(action.summary), 200)}"


def _command(action: Action, location: str | None, key_file: str | None) -> str:
    project = action.resource.project
    in_project = f"--project={project}"
    match action.op:
        case EnableService(service=service):
            words = ["gcloud", "services", "enable", service, in_project]
        case CreateAccount(account_id=account_id, display_name=display_name):
            words = ["gcloud", "iam", "service-accounts", "create", account_id]
            words += [f"--display-name={display_name}", in_project]
        case CreateKey(email=email, key_file=wanted):
            path = wanted or key_file or default_key_file(email)
            words = ["gcloud", "iam", "service-accounts", "keys", "create", path, f"--iam-account={email}", in_project]
        case GrantProjectRole(role=role, member=member):
            words = ["gcloud", "projects", "add-iam-policy-binding", project]
            words += [f"--member={member}", f"--role={role}", "--condition=None"]
        case RevokeProjectRole(role=role, member=member):
            words = ["gcloud", "projects", "remove-iam-policy-binding", project]
            words += [f"--member={member}", f"--role={role}", "--condition=None"]
        case DeleteKey(email=email, key_id=key_id):
            words = ["gcloud", "iam", "service-accounts", "keys", "delete", key_id]
            words += [f"--iam-account={email}", in_project]
        case DeleteAccount(email=email):
            words = ["gcloud", "iam", "service-accounts", "delete", email, in_project]
        case DeleteDataset(dataset=dataset):
            # Without -r it refuses a dataset that has tables.
            words = ["bq", f"--project_id={project}", "rm", "--dataset", f"{project}:{dataset}"]
        case RevokeTableRole(dataset=dataset, table=table, role=role, member=member):
            words = ["bq", f"--project_id={project}", "remove-iam-policy-binding", f"--member={member}"]
            words += [f"--role={role}", "--table=true", f"{project}:{dataset}.{table}"]
        case _:
            sql = sql_for(action)
            if sql is None:
                raise ValueError("no command")
            own = action.op.location if isinstance(action.op, CreateDataset | RevokeDatasetRole) else None
            where = own or location
            words = ["bq", f"--project_id={project}", *([f"--location={where}"] if where else [])]
            words += ["query", "--use_legacy_sql=false", sql]
    if any(not word.isprintable() for word in words):
        raise ValueError("a control character")
    return shlex.join(words)
