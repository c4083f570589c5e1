"""The resources of the sandbox: projects with their policies, accounts and keys, datasets and tables."""

import copy
from dataclasses import dataclass, field, replace
from typing import Any

JSON = dict[str, Any]


@dataclass(frozen=True)
class Principal:
    """The caller.

    Args:
        member: IAM member, e.g. ``serviceAccount:a@p.iam.gserviceaccount.com``.
        email: the e-mail address alone, as in dataset access entries.
        project: id of the credentials' project (it is billed for quota unless a header names another).
        scopes: OAuth scopes of the token; empty for a self-signed JWT, which has none to check.
        key_id: the key that signed for the credentials; empty if none did.
    """

    member: str
    email: str
    project: str
    scopes: frozenset[str] = frozenset()
    key_id: str = ""


@dataclass
class Policy:
    """An IAM policy. Bindings are JSON: ``{"role", "members": [...], "condition": {...}?}``.

    `extra` has its other fields (``auditConfigs``, and any that Google may add); nothing here reads them.
    """

    bindings: list[JSON] = field(default_factory=list)
    etag: str = "ACAB"  # Google's etag of a policy that was never written
    version: int = 1
    extra: JSON = field(default_factory=dict)

    def pairs(self) -> set[tuple[str, str]]:
        """All (role, member) pairs, with and without conditions."""
        return {(b["role"], m) for b in self.bindings for m in b.get("members", [])}


@dataclass
class Key:
    """A service account key. The private key is returned once and never kept."""

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
    """A table or view; its rows are in the SQL engine.

    Args:
        kind: BigQuery's type: ``TABLE``, ``VIEW``, ``EXTERNAL``.
        schema: BigQuery's field list, ``[{"name", "type", "mode"}, …]``.
        view_query: the view's SQL, None for a table.
        expires_ms: expiration in milliseconds, or None.
        extra: further settable fields, returned as they were sent.
        traits: its traits in the scenario (policy tags, row policies, files in Drive); read by the SQL engine.
        rows_sql: the SQL engine's query for its rows, if they are made when they are first read.
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
        """The table's name in BigQuery's errors."""
        return f"{self.project_id}:{self.dataset_id}.{self.table_id}"


@dataclass
class Routine:
    """A function that is stored in a dataset.

    Args:
        body: the fields of the API's Routine that were set, without its reference.
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
        """The routine's name in BigQuery's errors."""
        return f"{self.project_id}:{self.dataset_id}.{self.routine_id}"


@dataclass
class Dataset:
    """A BigQuery dataset. `access` holds entries as BigQuery's JSON, with legacy role names where they exist.

    Change `access` through `World.set_access`, which updates the etag and the propagation times.
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
    extra: JSON = field(default_factory=dict)  # further settable fields, returned as they were sent
    traits: JSON = field(default_factory=dict)  # its traits in the scenario: `hide_access`
    undeleted_ms: int | None = None  # when it was restored
    updates: list[float] = field(default_factory=list)  # times of its recent changes
    # tables that can be copied back, with the times of their deletion
    deleted: list[tuple[int, Table]] = field(default_factory=list)

    @property
    def ref(self) -> str:
        """The dataset's name in BigQuery's errors."""
        return f"{self.project_id}:{self.dataset_id}"

    def as_it_is(self) -> "Dataset":
        """A copy that later changes of the dataset do not affect, without its tables."""
        return copy.deepcopy(replace(self, tables={}, routines={}, deleted=[]))

    def table(self, table_id: str) -> Table | None:
        """A table by name; ``isCaseInsensitive`` of the dataset decides whether case matters."""
        found = self.tables.get(table_id)
        if found is None and self.extra.get("isCaseInsensitive"):
            found = next((t for name, t in self.tables.items() if name.lower() == table_id.lower()), None)
        return found


@dataclass
class DeletedDataset:
    """A dataset that can be restored.

    Args:
        at: time of the deletion in milliseconds.
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
    # set on the project; may not have taken effect yet
    own_policies: dict[str, list[JSON]] = field(default_factory=dict)
    inherited_policies: dict[str, list[JSON]] = field(default_factory=dict)  # in force without them
    service_accounts: dict[str, Account] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    options: dict[str, JSON] = field(default_factory=dict)  # BigQuery's options by region: ALTER PROJECT SET OPTIONS
    query_quota: dict[str, int] = field(default_factory=dict)  # MiB a day: per_day_mib, per_user_mib
    kms_keys: dict[str, bool] = field(default_factory=dict)  # Cloud KMS key -> whether BigQuery's agent may use it
    hidden: dict[str, Dataset] = field(default_factory=dict)  # hidden datasets of anonymous and temporary tables
    deleted: list[DeletedDataset] = field(default_factory=list)  # datasets that can be restored, the oldest first
    roles: dict[str, frozenset[str]] = field(default_factory=dict)  # custom roles: id -> permissions
    role_texts: dict[str, JSON] = field(default_factory=dict)  # further fields of custom roles, deleted ones included

    def dataset(self, dataset_id: str) -> Dataset | None:
        """A dataset by its exact (case-sensitive) name, including hidden ones."""
        return self.datasets.get(dataset_id) or self.hidden.get(dataset_id)

    def enforced(self, constraint: str) -> bool:
        """Whether a boolean constraint is in force for the project."""
        return any(rule.get("enforce") is True for rule in self.org_policies.get(constraint, []))


@dataclass(frozen=True)
class CallRecord:
    """A call that reached the sandbox, whatever its result.

    Args:
        status: the HTTP status (gRPC codes are mapped).
        at: when it began, by the world's clock (epoch seconds).
        seconds: how long it took here, latency included.
    """

    method: str
    principal: str
    resource: str
    status: int
    at: float
    is_write: bool
    seconds: float = 0.0
