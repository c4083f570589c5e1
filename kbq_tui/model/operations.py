"""The changes that a plan is made of."""

from dataclasses import dataclass

from kbq_tui.i18n.messages import Message
from kbq_tui.model.refs import Ref
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
    """Turn an API on."""

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
    """`known` are the ids of the keys that there are before: a new one can be told from them."""

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
    """Take a member out of a role binding of the project."""

    role: str
    member: str


@dataclass(frozen=True, slots=True)
class RevokeDatasetRole:
    """Remove an access entry from a dataset. `location` is the dataset's, where it is none of the connection's."""

    dataset: str
    role: str
    member: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class RevokeTableRole:
    """Take a member out of a role binding of a single table or view."""

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
class DeleteAccount:
    """Delete the service account."""

    email: str


@dataclass(frozen=True, slots=True)
class DeleteDataset:
    """Delete an empty dataset."""

    dataset: str


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
    | DeleteAccount
    | DeleteDataset
)


@dataclass(frozen=True, slots=True)
class Action:
    """One change, or one thing found in place.

    Attributes:
        id: stable within a connection, such as `dataset:KLAVIYO_TMP`.
        change: what happens to the resource; NOOP where it is already as wanted.
        resource: what is changed.
        summary: one line for a person. Plain text.
        step: the step it belongs to.
        op: what to do, with its values.
        needs: ids of actions that must have succeeded before.
    """

    id: str
    change: Change
    resource: Ref
    summary: Message
    step: Step
    op: Operation
    needs: tuple[str, ...] = ()

    @property
    def is_removal(self) -> bool:
        """Whether it takes away what the account holds beyond its need."""
        return self.id.startswith("over-grant:")
