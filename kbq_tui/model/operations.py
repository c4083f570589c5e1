"""The changes that a plan is made of."""

from enum import StrEnum
from typing import Final

from kbq_tui.i18n.messages import Message
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef, Ref, ServiceRef, TableRef
from kbq_tui.model.steps import Change, Step

__all__ = [
    "Action",
    "Change",
    "CreateAccount",
    "CreateDataset",
    "CreateKey",
    "DeleteAccount",
    "DeleteDataset",
    "DeleteKey",
    "DisableKey",
    "DropDataset",
    "DropView",
    "EnableKey",
    "EnableService",
    "GrantDatasetRole",
    "GrantProjectRole",
    "Operation",
    "RevokeDatasetRole",
    "RevokeProjectRole",
    "RevokeTableRole",
    "Step",
]


@dataclass(frozen=True, slots=True)
class EnableService:
    """Enable an API."""

    service: str


@dataclass(frozen=True, slots=True)
class CreateDataset:
    """Create a dataset, for a purpose (`import`, `staging`, `export`)."""

    dataset: str
    location: str
    purpose: str


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Create the service account."""

    account_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class CreateKey:
    """Create a key. `known` are the ids of the existing keys, to tell the new one from them."""

    email: str
    key_file: str | None
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantProjectRole:
    """Add a member to a role binding of the project."""

    role: str
    member: str


@dataclass(frozen=True, slots=True)
class GrantDatasetRole:
    """Add an access entry to a dataset."""

    dataset: str
    role: str
    member: str


@dataclass(frozen=True, slots=True)
class RevokeProjectRole:
    """Remove a member from a role binding of the project."""

    role: str
    member: str


@dataclass(frozen=True, slots=True)
class RevokeDatasetRole:
    """Remove an access entry from a dataset. `location` is the dataset's, if it is not one of the connection's."""

    dataset: str
    role: str
    member: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class RevokeTableRole:
    """Remove a member from a role binding of a single table or view."""

    dataset: str
    table: str
    role: str
    member: str


@dataclass(frozen=True, slots=True)
class DeleteKey:
    """Delete a key at Google."""

    email: str
    key_id: str


@dataclass(frozen=True, slots=True)
class DisableKey:
    """Disable a key at Google; it can be enabled again."""

    email: str
    key_id: str


@dataclass(frozen=True, slots=True)
class EnableKey:
    """Enable a disabled key at Google."""

    email: str
    key_id: str


@dataclass(frozen=True, slots=True)
class DeleteAccount:
    """Delete the service account."""

    email: str


@dataclass(frozen=True, slots=True)
class DeleteDataset:
    """Delete an empty dataset."""

    dataset: str


@dataclass(frozen=True, slots=True)
class DropDataset:
    """Delete a dataset with all its tables."""

    dataset: str


@dataclass(frozen=True, slots=True)
class DropView:
    """Delete a view, never a table with that name. `location` is the dataset's."""

    dataset: str
    view: str
    location: str


Operation = (
    EnableService
    | CreateDataset
    | CreateAccount
    | CreateKey
    | GrantProjectRole
    | GrantDatasetRole
    | RevokeProjectRole
    | RevokeDatasetRole
    | RevokeTableRole
    | DeleteKey
    | DisableKey
    | EnableKey
    | DeleteAccount
    | DeleteDataset
    | DropDataset
    | DropView
)


class ActionKind(StrEnum):
    """The subject of an action; the first part of its id."""

    SERVICE = "service"
    DATASET = "dataset"
    ACCOUNT = "account"
    KEY = "key"
    GRANT = "grant"
    REVOKE = "revoke"
    """Removes a role that was granted: in a teardown, or from a deleted account with the same name."""
    OVER_GRANT = "over-grant"
    """Removes what the account holds beyond what it needs."""
    DELETE_KEY = "delete-key"
    DELETE_ACCOUNT = "delete-account"
    DELETE_DATASET = "delete-dataset"
    DISABLE_KEY = "disable-key"
    ENABLE_KEY = "enable-key"
    VIEW = "view"
    """Creates a view of a table in the form that Klaviyo needs, on request."""
    DELETE_VIEW = "delete-view"
    ROTATE = "rotate"
    """A key is being replaced; begun in the journal, and ended when the old key is deleted."""
    ROTATE_CREATED = "rotate-created"
    """The new key was created and is stored here."""
    ROTATE_VERIFIED = "rotate-verified"
    """The new key was verified."""
    ROTATE_TAKEN = "rotate-taken"
    """Klaviyo uses the new key."""


_OF_ACCOUNT: Final = frozenset(
    {
        ActionKind.ACCOUNT,
        ActionKind.KEY,
        ActionKind.DELETE_ACCOUNT,
        ActionKind.DELETE_KEY,
        ActionKind.DISABLE_KEY,
        ActionKind.ENABLE_KEY,
        ActionKind.ROTATE,
        ActionKind.ROTATE_CREATED,
        ActionKind.ROTATE_VERIFIED,
        ActionKind.ROTATE_TAKEN,
    }
)
"""Kinds that are about the service account or one of its keys."""


@dataclass(frozen=True, slots=True)
class ActionKey:
    """Identifies an action within a connection.

    Attributes:
        kind: its subject.
        ref: what is changed.
        role: the role that is granted or removed.
        detail: the member it is removed from, or the key's id.
    """

    kind: ActionKind
    ref: Ref
    role: str = ""
    detail: str = ""

    @property
    def id(self) -> str:
        """The key in the form that plans, events and the journal use, such as `grant:dataset:KLAVIYO_TMP:ROLE`."""
        match self.ref:
            case ProjectRef():
                place = "project"
            case ServiceRef(service=service):
                place = service
            case AccountRef():
                place = ""
            case DatasetRef(dataset=dataset):
                place = dataset if self.kind is ActionKind.DATASET else f"dataset:{dataset}"
            case TableRef(dataset=dataset, table=table):
                place = f"table:{dataset}.{table}"
        return ":".join(filter(None, (self.kind.value, place, self.role, self.detail)))

    @classmethod
    def read(cls, id_: str, resource: str) -> "ActionKey | None":
        """Return the key for an id from the journal; None for an unknown kind.

        Args:
            id_: the id.
            resource: the full name of what is changed; if it is empty, so are the key's project and account.
        """
        try:
            kind = ActionKind(id_.partition(":")[0])
        except ValueError:
            return None
        rest = id_.partition(":")[2]
        if kind in _OF_ACCOUNT:
            return cls(kind, AccountRef("", resource), detail=rest)
        if kind is ActionKind.SERVICE:
            return cls(kind, ServiceRef(_project_in(resource), rest))
        if kind is ActionKind.DATASET:
            return cls(kind, DatasetRef(_project_in(resource), rest))
        level, _, rest = rest.partition(":")
        if level == "project":
            role, _, detail = rest.partition(":")
            return cls(kind, ProjectRef(_project_in(resource)), role, detail)
        place, _, rest = rest.partition(":")
        role, _, detail = rest.partition(":")
        dataset, _, table = place.partition(".")
        project = _project_in(resource)
        return cls(kind, TableRef(project, dataset, table) if table else DatasetRef(project, dataset), role, detail)


def _project_in(resource: str) -> str:
    """Return the project in the full name of a project, an API, a dataset or a table. Its ID may have a colon."""
    if resource.startswith("projects/"):
        return resource.split("/")[1]
    return resource.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Action:
    """One change, or one thing that is in place already.

    Attributes:
        key: identifies it within the connection.
        change: what happens to the resource; NOOP if it is as wanted already.
        summary: one line for a person. Plain text.
        step: the step it belongs to.
        op: the operation, with its values.
        needs: ids of actions that must have succeeded before.
    """

    key: ActionKey
    change: Change
    summary: Message
    step: Step
    op: Operation
    needs: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Stable within a connection, such as `dataset:KLAVIYO_TMP`."""
        return self.key.id

    @property
    def resource(self) -> Ref:
        """What is changed."""
        return self.key.ref

    @property
    def word(self) -> str:
        """The code of the word for what is done: that of the change, but `grant` for a new grant."""
        return "grant" if self.key.kind is ActionKind.GRANT and self.change is Change.UPDATE else self.change.value

    @property
    def is_removal(self) -> bool:
        """Whether it removes what the account holds beyond what it needs."""
        return self.key.kind is ActionKind.OVER_GRANT
