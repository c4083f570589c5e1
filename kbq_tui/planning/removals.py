"""Actions of a plan that remove something."""

from kbq_tui.i18n.messages import message
from kbq_tui.model.operations import (
    Action,
    ActionKey,
    ActionKind,
    Change,
    DeleteAccount,
    DeleteDataset,
    DeleteKey,
    DropDataset,
    DropView,
    Operation,
    RevokeDatasetRole,
    RevokeProjectRole,
    Step,
)
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, TableRef
from kbq_tui.model.spec import ConnectionSpec


def key_deletion(spec: ConnectionSpec, key_id: str) -> Action:
    """Return the action that deletes a key of the connection's account."""
    email = spec.account_email
    key = ActionKey(ActionKind.DELETE_KEY, AccountRef(spec.project, email), detail=key_id)
    summary = message("Delete key {key_id}", key_id=key_id)
    return Action(key, Change.DELETE, summary, Step.ACCOUNT, DeleteKey(email, key_id))


def revocation(spec: ConnectionSpec, on: ProjectRef | DatasetRef, role: str) -> Action:
    """Return the action that revokes a role from the connection's account."""
    member = spec.member
    op: Operation = RevokeProjectRole(role, member)
    if isinstance(on, DatasetRef):
        op = RevokeDatasetRole(on.dataset, role, member)
    summary = message(
        "Take {role} away from {account} on {resource}", role=role, account=spec.account_email, resource=on.words
    )
    return Action(ActionKey(ActionKind.REVOKE, on, role, member), Change.DELETE, summary, Step.PERMISSIONS, op)


def account_deletion(spec: ConnectionSpec, needs: tuple[str, ...]) -> Action:
    """Return the action that deletes the connection's account; `needs` are the ids of actions that must come first."""
    email = spec.account_email
    key = ActionKey(ActionKind.DELETE_ACCOUNT, AccountRef(spec.project, email))
    summary = message("Delete service account {email}", email=email)
    return Action(key, Change.DELETE, summary, Step.ACCOUNT, DeleteAccount(email), needs)


def view_deletion(spec: ConnectionSpec, dataset: str, view: str, location: str) -> Action:
    """Return the action that deletes a view; `location` is its dataset's."""
    key = ActionKey(ActionKind.DELETE_VIEW, TableRef(spec.project, dataset, view))
    summary = message("Delete view {view}", view=f"{dataset}.{view}")
    return Action(key, Change.DELETE, summary, Step.DATASETS, DropView(dataset, view, location))


def dataset_deletion(spec: ConnectionSpec, dataset: str, tables: int, needs: tuple[str, ...]) -> Action:
    """Return the action that deletes a dataset, with its tables if it has some."""
    key = ActionKey(ActionKind.DELETE_DATASET, DatasetRef(spec.project, dataset))
    if tables:
        summary = message("Delete dataset {dataset} WITH ALL ITS TABLES", dataset=dataset)
        return Action(key, Change.DELETE, summary, Step.DATASETS, DropDataset(dataset), needs)
    summary = message("Delete dataset {dataset}, which is empty", dataset=dataset)
    return Action(key, Change.DELETE, summary, Step.DATASETS, DeleteDataset(dataset), needs)
