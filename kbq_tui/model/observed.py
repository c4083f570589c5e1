"""The present state of the cloud and of this machine. Each part is present, absent, or unknown with the reason."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from kbq_tui.i18n.messages import Message
from kbq_tui.model.changes import KEY, OwnChange, is_recent, last_recent
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem
from kbq_tui.model.rotation import Rotation
from kbq_tui.model.spec import ConnectionSpec

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Present(Generic[T_co]):
    """The part was read, and exists."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Absent:
    """The part was looked for, and certainly does not exist."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The part could not be read; nothing may be concluded from it, and nothing written to it."""

    problem: Problem


Part = Present[T] | Absent | Unknown


def value_of(part: "Part[T]") -> T | None:
    """Return what is present, or None. For display only: decisions distinguish absent and unknown."""
    return part.value if isinstance(part, Present) else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in.

    Attributes:
        principal: e-mail of the operator, or an empty string if Google does not say.
        source: where the credential comes from, in words (`service account key /path`, `gcloud application default
            login`).
        quota_project: the project that calls are charged to, if the credential names one.
    """

    principal: str
    source: Message
    quota_project: str = ""


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project: id, number (digits), display name (hostile text), lifecycle state (`ACTIVE`)."""

    id: str
    number: str
    name: str
    state: str


_ACCOUNT_PREFIX = "serviceaccount:"


def normal_member(member: str) -> str:
    """Return an IAM principal in the form in which it is compared: a service account's e-mail in lower case, as IAM
    writes it.

    It is not known whether Google keeps the case of what was typed into an access list. For people and groups it does,
    so these stay as they are.
    """
    if not member.lower().startswith(_ACCOUNT_PREFIX):
        return member
    return "serviceAccount:" + member[len(_ACCOUNT_PREFIX) :].lower()


_MASKED: Final = pattern(r"(.+)_(?:withcond|with_conditionalbinding)_[0-9A-Za-z]+")
HIDDEN_CONDITION: Final = "not shown in the answer"
"""Stands for a condition's expression if an answer only says that there is a condition."""


def plain_role(role: str) -> tuple[str, bool]:
    """Return a role's plain name, and whether it was written as a conditional one.

    Answers of an older policy version write a conditional role as `ROLE_withcond_HASH`
    (https://cloud.google.com/iam/docs/troubleshooting-withcond); `ROLE_with_conditionalbinding_HASH` is understood,
    too.
    """
    match = _MASKED.fullmatch(role)
    return (match[1], True) if match else (role, False)


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """One role binding of a project policy. `condition` is the condition's expression, or None.

    Members are kept as `normal_member` writes them.
    """

    role: str
    members: tuple[str, ...]
    condition: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", tuple(normal_member(member) for member in self.members))
        _unmask(self)


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One access entry of a dataset.

    Attributes:
        role: the IAM role (`roles/bigquery.dataViewer`; legacy READER, WRITER, OWNER are translated),
            empty for authorized views.
        member: an IAM principal (`serviceAccount:…`, `user:…`, `group:…`, `domain:…`, `specialGroup:projectOwners`,
            `deleted:…`),
            or `view:P.D.T`, `routine:P.D.R`, `dataset:P.D` for an authorized resource. Kept as `normal_member` writes
            it.
        condition: the condition's expression, or None.
    """

    role: str
    member: str
    condition: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "member", normal_member(self.member))
        _unmask(self)


def _unmask(entry: RoleBinding | AccessEntry) -> None:
    role, bound = plain_role(entry.role)
    if bound:
        object.__setattr__(entry, "role", role)
        object.__setattr__(entry, "condition", entry.condition or HIDDEN_CONDITION)


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A dataset. `created` is an aware UTC time; `labels` and `description` are hostile text."""

    name: str
    location: str
    access: tuple[AccessEntry, ...] | None = ()
    """The access list; None if the answer did not have it, so that it is not known who has access."""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    table_count: int | None = None
    """The number of tables and views in it; None if not counted."""
    table_life: timedelta | None = None
    """How long a new table exists before BigQuery deletes it; None for no limit."""
    partition_life: timedelta | None = None
    """The same for a partition of a new table."""


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """A service account. `unique_id` distinguishes it from a deleted one with the same name."""

    email: str
    unique_id: str
    disabled: bool = False
    display_name: str = ""


MAX_KEYS = 10
"""The most user-managed keys of one service account. Source: https://cloud.google.com/iam/quotas"""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A user-managed key of a service account. Times are aware UTC; `expires` is None if the key does not expire."""

    id: str
    created: datetime
    expires: datetime | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class LocalKey:
    """A key file on this machine, without its secret.

    Attributes:
        path: absolute path; empty if only the system keyring has the key.
        key_id: the key's id (`private_key_id`).
        email: the service account it belongs to.
        project: the project that the key file names.
        warnings: how others could read or replace it (modes, folders, a git work tree).
        notes: what did not work when it was stored, and does not matter for the key; each a sentence.
        in_keyring: whether the system keyring has a copy; None if not known.
        written: when the file was written, aware UTC; None if not known.
    """

    path: str
    key_id: str
    email: str
    project: str
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()
    in_keyring: bool | None = None
    written: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForeignGrants:
    """Grants in the rest of the project that may give the account access; read only if over-grants are to be removed.

    Attributes:
        datasets: by name, the datasets that are not the connection's.
        tables: by dataset and name, the policies of single tables and views.
        unseen: why some of it was not read, or was too much.
    """

    datasets: Mapping[str, DatasetInfo]
    tables: Mapping[tuple[str, str], tuple[RoleBinding, ...]]
    unseen: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Observed:
    """The state of everything that a connection consists of, read once.

    Attributes:
        at: when the reading began, aware UTC.
        services: by API name, whether it is enabled.
        constraints: by constraint, whether it is in force.
        permissions: those of the asked-for permissions which the operator holds on the project.
        datasets: by name, each dataset that the spec names.
        names: every dataset of the project with its location (empty if the list does not have it), to find names that
            differ in case only.
        bindings: the project policy.
        key: the key file on this machine.
        beside: the new key's file, while a rotation keeps it beside that place.
        handed_over: ids of keys whose file was shredded here after the hand-over, newest last.
        elsewhere: the rest of the project; None if it was not read.
        neighbours: the other connections of this machine; empty if they were not read.
        causes: the failures that explain why other parts are unknown, the widest first; see `root_cause`.
        changes: our own changes so far, oldest first.
        rotation: the rotation of the key that is under way, according to the journal; None if there is none.
    """

    at: datetime
    identity: "Part[Identity]"
    project: "Part[ProjectInfo]"
    services: Mapping[str, "Part[bool]"]
    billing: "Part[bool]"
    constraints: Mapping[str, "Part[bool]"]
    permissions: "Part[frozenset[str]]"
    datasets: Mapping[str, "Part[DatasetInfo]"]
    names: "Part[tuple[tuple[str, str], ...]]"
    account: "Part[AccountInfo]"
    keys: "Part[tuple[KeyInfo, ...]]"
    bindings: "Part[tuple[RoleBinding, ...]]"
    key: "Part[LocalKey]"
    beside: "Part[LocalKey]" = field(default_factory=Absent)
    handed_over: "Part[tuple[str, ...]]" = field(default_factory=lambda: Present(()))
    elsewhere: ForeignGrants | None = None
    neighbours: tuple[ConnectionSpec, ...] = ()
    causes: tuple[Problem, ...] = ()
    changes: tuple[OwnChange, ...] = ()
    rotation: Rotation | None = None

    @property
    def rotating(self) -> tuple[str, ...]:
        """The ids of the keys of the rotation that is under way, the old one and the new one."""
        return self.rotation.keys if self.rotation is not None else ()

    @property
    def for_klaviyo(self) -> "Part[LocalKey]":
        """The key on this machine that Klaviyo is to have: a rotation's new one, while it is beside the old one."""
        return self.beside if isinstance(self.beside, Present) else self.key


def is_new_key(observed: Observed) -> bool:
    """Whether the local key is so new that Google may not list it yet."""
    if not isinstance(observed.key, Present):
        return False
    written = observed.key.value.written
    if written is not None and is_recent(written, observed.at):
        return True
    return last_recent(observed.changes, observed.at, KEY) is not None


def unheld_keys(observed: Observed) -> tuple[KeyInfo, ...]:
    """Return the keys at Google that are not stored here, not handed over and not part of a rotation; none if that is
    not known."""
    seen = observed.keys, observed.handed_over
    if not isinstance(observed.keys, Present) or any(isinstance(p, Unknown) for p in (*seen, observed.key)):
        return ()
    held = {observed.key.value.key_id} if isinstance(observed.key, Present) else set()
    held.update(value_of(observed.handed_over) or (), observed.rotating)
    return tuple(k for k in observed.keys.value if k.id not in held)


def handed_key(observed: Observed) -> str | None:
    """Return the newest key that was handed over and shredded here, if it is the one in use: no key is stored here, and
    Google has this one, as far as can be seen."""
    if not isinstance(observed.key, Absent) or isinstance(observed.keys, Absent):
        return None
    there = {k.id for k in observed.keys.value} if isinstance(observed.keys, Present) else None
    ids = value_of(observed.handed_over) or ()
    return next((id_ for id_ in reversed(ids) if there is None or id_ in there), None)
