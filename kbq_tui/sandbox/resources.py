"""What there can be in the miniature cloud: projects with their policies, accounts and keys, datasets and tables."""

import copy
from dataclasses import dataclass, field, replace
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class Principal:
    """Who is calling.

    Args:
        member: IAM member, e.g. ``serviceAccount:a@p.iam.gserviceaccount.com``.
        email: the bare address, as dataset access entries name it.
        project: id of the project the credentials belong to (it is billed for quota unless a header says otherwise).
        scopes: OAuth scopes of the token; empty for a self-signed JWT, which has none to check.
        key_id: the key that signed for the credentials; empty where none did.
    """

    member: str
    email: str
    project: str
    scopes: frozenset[str] = frozenset()
    key_id: str = ""


@dataclass
class Policy:
    """An IAM policy. Bindings are JSON: ``{"role", "members": [...], "condition": {...}?}``.

    `extra` is what else stands in it (``auditConfigs``, and whatever Google adds one day); nothing here reads it.
    """

    bindings: list[JSON] = field(default_factory=list)
    etag: str = "ACAB"  # what Google answers for a policy nobody has written yet
    version: int = 1
    extra: JSON = field(default_factory=dict)

    def pairs(self) -> set[tuple[str, str]]:
        """All (role, member) in it, whatever the condition."""
        return {(b["role"], m) for b in self.bindings for m in b.get("members", [])}


@dataclass
class Key:
    """A service-account key. The private half is handed out once and never kept."""

    id: str
    public_pem: bytes
    created: float
    expires: float
    disabled: bool = False
    origin: str = "GOOGLE_PROVIDED"
    type: str = "USER_MANAGED"


@dataclass
class Account:
    """A service account."""

    email: str
    unique_id: str
    project_id: str
    display_name: str = ""
    description: str = ""
    disabled: bool = False
    created: float = 0.0
    etag: str = ""
    keys: dict[str, Key] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    @property
    def member(self) -> str:
        """The account as an IAM member."""
        return f"serviceAccount:{self.email}"


@dataclass
class Table:
    """A table or view; its rows live in the SQL engine.

    Args:
        kind: BigQuery's type: ``TABLE``, ``VIEW``, ``EXTERNAL``.
        schema: BigQuery's field list, ``[{"name", "type", "mode"}, …]``.
        view_query: the view's SQL, None for a table.
        expires_ms: expiration, or None.
        extra: further settable fields, given back as they came.
        traits: what a scenario says about it (policy tags, row policies, Drive-backed); read by the SQL engine.
        rows_sql: the SQL engine's query of its rows, where they are made when they are first read.
    """

    project_id: str
    dataset_id: str
    table_id: str
    kind: str = "TABLE"
    schema: list[JSON] = field(default_factory=list)
    view_query: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    description: str = ""
    friendly_name: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    expires_ms: int | None = None
    etag: str = ""
    extra: JSON = field(default_factory=dict)
    traits: JSON = field(default_factory=dict)
    rows_sql: str = ""

    @property
    def ref(self) -> str:
        """The table as errors of BigQuery name it."""
        return f"{self.project_id}:{self.dataset_id}.{self.table_id}"


@dataclass
class Routine:
    """A function that is kept in a dataset.

    Args:
        body: what was set of the API's Routine, its reference left out.
    """

    project_id: str
    dataset_id: str
    routine_id: str
    body: JSON = field(default_factory=dict)
    created_ms: int = 0
    modified_ms: int = 0
    etag: str = ""

    @property
    def ref(self) -> str:
        """The routine as errors of BigQuery name it."""
        return f"{self.project_id}:{self.dataset_id}.{self.routine_id}"


@dataclass
class Dataset:
    """A BigQuery dataset. `access` holds entries as BigQuery's JSON, in legacy spelling where there is one.

    Change `access` through `World.set_access`, which keeps the etag and the propagation times right.
    """

    project_id: str
    dataset_id: str
    location: str = "US"
    labels: dict[str, str] = field(default_factory=dict)
    description: str = ""
    friendly_name: str = ""
    access: list[JSON] = field(default_factory=list)
    etag: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    default_table_expiration_ms: int | None = None
    default_partition_expiration_ms: int | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    routines: dict[str, Routine] = field(default_factory=dict)
    extra: JSON = field(default_factory=dict)  # further settable fields, given back as they came
    traits: JSON = field(default_factory=dict)  # what a scenario says about it: `hide_access`
    undeleted_ms: int | None = None  # when it was restored
    updates: list[float] = field(default_factory=list)  # when it was changed of late
    deleted: list[tuple[int, Table]] = field(default_factory=list)  # tables that can be copied back, and when they went

    @property
    def ref(self) -> str:
        """The dataset as errors of BigQuery name it."""
        return f"{self.project_id}:{self.dataset_id}"

    def as_it_is(self) -> "Dataset":
        """A copy that later changes of the dataset do not touch; without what is in it."""
        return copy.deepcopy(replace(self, tables={}, routines={}, deleted=[]))

    def table(self, table_id: str) -> Table | None:
        """A table by name; whether case matters is the dataset's ``isCaseInsensitive``."""
        found = self.tables.get(table_id)
        if found is None and self.extra.get("isCaseInsensitive"):
            found = next((t for name, t in self.tables.items() if name.lower() == table_id.lower()), None)
        return found


@dataclass
class DeletedDataset:
    """A dataset that can be restored.

    Args:
        at: when it was deleted, in milliseconds.
        rows: the SQL engine's names for the rows of its tables.
    """

    dataset: Dataset
    at: int
    rows: dict[str, str]


ORGANIZATION = "organizations/500000000001"


@dataclass
class Project:
    """A project. `org_policies` maps a constraint (``iam.disableServiceAccountKeyCreation``) to its effective rules."""

    id: str
    number: str
    name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    state: str = "ACTIVE"
    parent: str = ORGANIZATION  # empty for a project that belongs to no organization
    created: float = 0.0
    policy: Policy = field(default_factory=Policy)
    services: set[str] = field(default_factory=set)
    billing: bool = True
    org_policies: dict[str, list[JSON]] = field(default_factory=dict)
    own_policies: dict[str, list[JSON]] = field(default_factory=dict)  # set here; may not have spread yet
    inherited_policies: dict[str, list[JSON]] = field(default_factory=dict)  # what holds without them
    service_accounts: dict[str, Account] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    options: dict[str, JSON] = field(default_factory=dict)  # BigQuery's, by region: ALTER PROJECT SET OPTIONS
    query_quota: dict[str, int] = field(default_factory=dict)  # MiB a day: per_day_mib, per_user_mib
    kms_keys: dict[str, bool] = field(default_factory=dict)  # Cloud KMS key -> whether BigQuery's agent may use it
    hidden: dict[str, Dataset] = field(default_factory=dict)  # of anonymous and temporary tables; not listed
    deleted: list[DeletedDataset] = field(default_factory=list)  # those that can be restored, the oldest first
    roles: dict[str, frozenset[str]] = field(default_factory=dict)  # custom roles: id -> permissions
    role_texts: dict[str, JSON] = field(default_factory=dict)  # what else is known of them, deleted ones included

    def dataset(self, dataset_id: str) -> Dataset | None:
        """A dataset by its exact (case-sensitive) name, one of anonymous or temporary tables included."""
        return self.datasets.get(dataset_id) or self.hidden.get(dataset_id)

    def enforced(self, constraint: str) -> bool:
        """Whether a boolean constraint is in force here."""
        return any(rule.get("enforce") is True for rule in self.org_policies.get(constraint, []))


@dataclass(frozen=True)
class CallRecord:
    """One call that reached the sandbox, whatever became of it.

    Args:
        status: the HTTP status (gRPC codes are mapped).
        at: when it began, by the world's clock.
        seconds: how long it took here, latency included.
    """

    method: str
    principal: str
    resource: str
    status: int
    at: float
    is_write: bool
    seconds: float = 0.0
