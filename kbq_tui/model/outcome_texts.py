"""What is said of a change that has been made, or turned out to be made already."""

from kbq_tui.i18n.messages import Message, message
from kbq_tui.model.operations import (
    CreateAccount,
    CreateDataset,
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
from kbq_tui.model.spec import ConnectionSpec

Repeatable = (
    EnableService
    | CreateDataset
    | CreateAccount
    | GrantProjectRole
    | GrantDatasetRole
    | RevokeProjectRole
    | RevokeDatasetRole
    | RevokeTableRole
    | DeleteKey
    | DeleteAccount
    | DeleteDataset
)
"""What may turn out to be done already; a key is always a new one."""


def done(op: Repeatable, spec: ConnectionSpec, changed: bool) -> Message:
    """Return one line for a person.

    Args:
        op: what was to be done.
        spec: the connection.
        changed: whether it was done now; else it was so before.
    """
    project = spec.project
    match op:
        case EnableService(service=service):
            return message("API {service} is on", service=service)
        case CreateDataset(dataset=name, location=where):
            if changed:
                return message("Dataset {dataset} created, in {location}", dataset=name, location=where)
            return message("Dataset {dataset} was there already, in {location}", dataset=name, location=where)
        case CreateAccount():
            if changed:
                return message("Service account {email} created", email=spec.account_email)
            return message("Service account {email} was there already", email=spec.account_email)
        case GrantProjectRole(role=role):
            if changed:
                return message("{role} granted on project {project}", role=role, project=project)
            return message("{role} was granted already on project {project}", role=role, project=project)
        case GrantDatasetRole(dataset=name, role=role):
            if changed:
                return message("{role} granted on dataset {dataset}", role=role, dataset=name)
            return message("{role} was granted already on dataset {dataset}", role=role, dataset=name)
        case RevokeProjectRole(role=role):
            if changed:
                return message("{role} removed on project {project}", role=role, project=project)
            return message("{role} was not there on project {project}", role=role, project=project)
        case RevokeDatasetRole(dataset=name, member=member):
            if changed:
                return message("Access entry of {member} removed on dataset {dataset}", member=member, dataset=name)
            return message("Access entry of {member} was not there on dataset {dataset}", member=member, dataset=name)
        case RevokeTableRole(dataset=name, table=table, role=role):
            where = f"{name}.{table}"
            if changed:
                return message("{role} removed on table {table}", role=role, table=where)
            return message("{role} was not there on table {table}", role=role, table=where)
        case DeleteKey(key_id=key_id):
            return message("Key {key} deleted" if changed else "Key {key} was gone already", key=key_id[:12])
        case DeleteAccount(email=email):
            if changed:
                return message("Service account {email} deleted", email=email)
            return message("Service account {email} was gone already", email=email)
        case DeleteDataset(dataset=name):
            return message(
                "Dataset {dataset} deleted" if changed else "Dataset {dataset} was gone already", dataset=name
            )
