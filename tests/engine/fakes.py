"""A cloud, a key store and a clock in memory. Faults are put in front of any method, in the order given."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.journal_changes import from_journal
from kbq_tui.engine.ports import DryRun, Ports, ProjectPage, QueryResult, TableInfo
from kbq_tui.i18n.messages import EMPTY, Message, verbatim
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import (
    AccessEntry,
    AccountInfo,
    DatasetInfo,
    Identity,
    KeyInfo,
    LocalKey,
    ProjectInfo,
    RoleBinding,
)
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError, RemedyStep, Retry
from kbq_tui.model.secret import Secret
from kbq_tui.planning.row_policies import RowPolicy
from tests.support.codes import made_up
from tests.support.known import known

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CANARY = "canarycanarycanary"
BESIDE = "/keys/k.next.json"
"""Where a new key lies while the old one is being replaced."""


def fault(code: str = "KBQ-TEST", retry: Retry = Retry.NEVER, kind: Kind = Kind.FAILED) -> Problem:
    return Problem(
        made_up(code),
        verbatim(f"{code} happened"),
        verbatim("The test wanted it."),
        (RemedyStep(verbatim("Do nothing.")),),
        verbatim("the test"),
        kind,
        retry,
    )


class VirtualClock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.naps: list[float] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


class FakeCloud:
    """A project in memory, open to everybody."""

    def __init__(self, project: str = "my-project") -> None:
        self.name = project
        self.on = {"bigquery.googleapis.com", "iam.googleapis.com", "cloudresourcemanager.googleapis.com"}
        self.enforced: set[str] = set()
        self.allowed: frozenset[str] | None = None
        self.sets: dict[str, DatasetInfo] = {}
        self.table_names: dict[str, list[TableInfo]] = defaultdict(list)
        self.table_policies: dict[tuple[str, str], tuple[RoleBinding, ...]] = {}
        self.accounts: dict[str, AccountInfo] = {}
        self.key_ids: dict[str, list[KeyInfo]] = defaultdict(list)
        self.bindings: list[RoleBinding] = []
        self.jobs: tuple[JobInfo, ...] = ()
        self.calls: list[str] = []
        self.writes: list[str] = []
        self.faults: dict[str, list[Problem | None]] = defaultdict(list)
        self.always: dict[str, Problem] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.running: set[str] = set()
        self.most_at_once = 0
        self.closed = False
        self.answers: dict[str, list[tuple[str | None, ...]]] = {}
        self.log: dict[str, list[KeyCall]] = defaultdict(list)
        self.counted: dict[str, datetime] = {}
        self.days: dict[str, datetime] = {}

    async def _call(self, method: str, *, write: bool = False) -> None:
        self.calls.append(method)
        self.running.add(method)
        self.most_at_once = max(self.most_at_once, len(self.running))
        try:
            if method in self.gates:
                await self.gates[method].wait()
            else:
                await asyncio.sleep(0)
            queue = self.faults[method]
            problem = queue.pop(0) if queue else self.always.get(method)
            if problem is not None:
                raise ProblemError(problem)
        finally:
            self.running.discard(method)
        if write:
            self.writes.append(method)

    async def identity(self) -> Identity:
        await self._call("identity")
        return Identity("me@example.com", verbatim("a test"))

    async def authenticate(self) -> None:
        await self._call("authenticate")

    async def project(self, project: str) -> ProjectInfo:
        await self._call("project")
        return ProjectInfo(project, "123456789012", "My project", "ACTIVE")

    async def search_projects(self, text: str, page_token: str = "", limit: int = 50) -> ProjectPage:
        await self._call("search_projects")
        return ProjectPage((ProjectInfo(self.name, "1", "My project", "ACTIVE"),) if text in self.name else ())

    async def services(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        await self._call("services")
        return {n: n in self.on for n in names}

    async def enable_services(self, project: str, names: Sequence[str]) -> None:
        await self._call("enable_services", write=True)
        self.on.update(names)

    async def billing_enabled(self, project: str) -> bool:
        await self._call("billing")
        return True

    async def policy_enforced(self, project: str, constraint: str) -> bool:
        await self._call("policy")
        return constraint in self.enforced

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._call("test_permissions")
        return frozenset(permissions) if self.allowed is None else frozenset(permissions) & self.allowed

    async def project_bindings(self, project: str) -> tuple[RoleBinding, ...]:
        await self._call("project_bindings")
        return tuple(self.bindings)

    async def add_project_binding(self, project: str, role: str, member: str) -> bool:
        await self._call("add_project_binding", write=True)
        self.bindings.append(RoleBinding(role, (member,)))
        return True

    async def remove_project_binding(self, project: str, role: str, member: str) -> bool:
        await self._call("remove_project_binding", write=True)
        kept = [b for b in self.bindings if (b.role, b.members) != (role, (member,))]
        gone = len(kept) < len(self.bindings)
        self.bindings = kept
        return gone

    async def dataset_names(self, project: str) -> tuple[tuple[str, str], ...]:
        await self._call("dataset_names")
        return tuple((d.name, d.location) for d in self.sets.values())

    async def dataset(self, project: str, name: str) -> DatasetInfo | None:
        await self._call("dataset")
        if "bigquery.googleapis.com" not in self.on:
            raise ProblemError(catalogue.problem(Code.API_DISABLED, Context(project=project)))
        return self.sets.get(name)

    async def create_dataset(
        self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]
    ) -> bool:
        await self._call(f"create_dataset:{name}", write=True)
        if name in self.sets:
            return False
        self.sets[name] = DatasetInfo(name, location, (), description, labels, START, 0)
        return True

    async def delete_dataset(self, project: str, name: str, *, with_tables: bool = False) -> bool:
        await self._call("delete_dataset", write=True)
        return self.sets.pop(name, None) is not None

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._call(f"grant_dataset:{name}", write=True)
        info = self.sets[name]
        self.sets[name] = replace(info, access=(*known(info.access), AccessEntry(role, member)))
        return True

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._call(f"revoke_dataset:{name}", write=True)
        info = self.sets[name]
        kept = tuple(e for e in known(info.access) if (e.role, e.member) != (role, member))
        self.sets[name] = replace(info, access=kept)
        return len(kept) < len(known(info.access))

    async def table_bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        await self._call(f"table_bindings:{dataset}.{table}")
        return self.table_policies.get((dataset, table), ())

    async def revoke_table(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        await self._call(f"revoke_table:{dataset}.{table}", write=True)
        held = self.table_policies[dataset, table]
        self.table_policies[dataset, table] = tuple(b for b in held if b.role != role or b.members != (member,))
        return self.table_policies[dataset, table] != held

    async def account(self, project: str, email: str) -> AccountInfo | None:
        await self._call("account")
        return self.accounts.get(email)

    async def create_account(self, project: str, account_id: str, display_name: str) -> bool:
        await self._call("create_account", write=True)
        email = f"{account_id}@{project}.iam.gserviceaccount.com"
        self.accounts[email] = AccountInfo(email, "1", False, display_name)
        return True

    async def delete_account(self, project: str, email: str) -> bool:
        await self._call("delete_account", write=True)
        return self.accounts.pop(email, None) is not None

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        await self._call("keys")
        if email not in self.accounts:
            raise ProblemError(fault("KBQ-ACCOUNT-GONE", kind=Kind.NOT_FOUND))
        return tuple(self.key_ids[email])

    async def create_key(self, project: str, email: str) -> Secret:
        await self._call("create_key", write=True)
        key_id = f"{len(self.key_ids[email]) + 1:040d}"
        self.key_ids[email].append(KeyInfo(key_id, START))
        return key_json(project, email, key_id)

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        await self._call("delete_key", write=True)
        before = self.key_ids[email]
        self.key_ids[email] = [k for k in before if k.id != key_id]
        return len(self.key_ids[email]) < len(before)

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        await self._call("switch_key", write=True)
        self.key_ids[email] = [replace(k, disabled=not on) if k.id == key_id else k for k in self.key_ids[email]]

    async def key_calls(
        self,
        project: str,
        email: str,
        key_id: str,
        *,
        since: datetime,
        addresses: Sequence[str] = (),
        limit: int = 1,
    ) -> tuple[KeyCall, ...]:
        await self._call("key_calls")
        found = [c for c in self.log[key_id] if c.at >= since and (not addresses or c.address in addresses)]
        return tuple(sorted(found, key=lambda c: c.at, reverse=True)[:limit])

    async def keys_counted(
        self, project: str, unique_id: str, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        await self._call("keys_counted")
        return dict(self.counted)

    async def key_days(self, project: str) -> Mapping[str, datetime]:
        await self._call("key_days")
        return dict(self.days)

    async def query(
        self,
        project: str,
        sql: str,
        location: str,
        *,
        dry_run: bool = False,
        max_rows: int = 1_000,
        max_bytes: int | None = None,
    ) -> QueryResult:
        word = "DRY" if dry_run else sql.split()[0]
        await self._call(f"query:{word}")
        if "SCHEMATA" in sql:
            return QueryResult(("schema_name", "location"), tuple((d.name, d.location) for d in self.sets.values()))
        if "OBJECT_PRIVILEGES" in sql:
            rows = tuple((d.name, e.role, e.member) for d in self.sets.values() for e in known(d.access))
            return QueryResult(("object_name", "privilege_type", "grantee"), rows)
        if word in ("CREATE", "INSERT", "DROP"):
            self.writes.append(sql)
        return QueryResult(("n",), (("1",),))

    async def tables(self, project: str, dataset: str, limit: int = 1_000) -> tuple[TableInfo, ...]:
        await self._call("tables")
        return tuple(self.table_names[dataset][:limit])

    async def test_table_permissions(
        self, project: str, dataset: str, table: str, permissions: Sequence[str]
    ) -> frozenset[str]:
        await self._call("test_table_permissions")
        return frozenset({"bigquery.tables.get"} & set(permissions))

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        await self._call("dry_run")
        return DryRun(0, ())

    async def row_policies(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        await self._call("row_policies")
        return ()

    async def recent_jobs(
        self, project: str, email: str, limit: int = 10, *, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        await self._call("recent_jobs")
        return self.jobs

    async def logged_jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        await self._call("logged_jobs")
        return self.jobs

    async def close(self) -> None:
        self.closed = True


def key_json(project: str, email: str, key_id: str) -> Secret:
    body = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": CANARY,
        "client_email": email,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return Secret(json.dumps(body))


class FakeKeys:
    """A key store in memory: one place."""

    def __init__(self) -> None:
        self.held: Secret | None = None
        self.local: LocalKey | None = None
        self.reserved = False
        self.cannot_write: Problem | None = None
        self.cannot_forget = EMPTY
        self.forgotten: list[str] = []
        self.handed: tuple[str, ...] = ()
        self.beside: LocalKey | None = None

    def handed_over(self, project: str, email: str) -> tuple[str, ...]:
        return self.handed

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        return self.beside if path == BESIDE else self.local

    def reserve(self, path: str | None, project: str, email: str) -> "FakeSlot":
        assert path == BESIDE or not self.reserved, "reserved twice"
        self.reserved = True
        return FakeSlot(self, project, email, beside=path == BESIDE)

    def load(self, path: str | None, project: str, email: str) -> Secret:
        if self.held is None:
            raise ProblemError(fault("KBQ-KEY-FILE-MISSING", kind=Kind.CREDENTIALS))
        return self.held

    def path_beside(self, path: str | None, project: str, email: str) -> str:
        return BESIDE

    def promote(self, path: str | None, project: str, email: str) -> None:
        if self.beside is not None:
            assert self.local is not None
            self.handed = (*self.handed, self.local.key_id)
            self.local, self.beside = replace(self.beside, path="/keys/k.json"), None

    def discard_beside(self, path: str | None, project: str, email: str) -> None:
        self.beside = None

    def forget_copy(self, project: str, email: str) -> Message:
        if not self.cannot_forget:
            self.forgotten.append(email)
        return self.cannot_forget


class FakeSlot:
    def __init__(self, store: FakeKeys, project: str, email: str, *, beside: bool = False) -> None:
        self._store, self._project, self._email = store, project, email
        self.path = BESIDE if beside else "/keys/k.json"

    def commit(self, key: Secret) -> LocalKey:
        if self._store.cannot_write is not None:
            raise ProblemError(self._store.cannot_write)
        self._store.held = key
        key_id = json.loads(key.reveal())["private_key_id"]
        kept = LocalKey(self.path, key_id, self._email, self._project, written=START)
        if self.path == BESIDE:
            self._store.beside = kept
        else:
            self._store.local = kept
        return kept

    def abandon(self) -> None:
        self._store.reserved = False


class FakeJournal:
    def __init__(self, now: Callable[[], datetime] = lambda: START) -> None:
        self.now = now
        self.lines: list[str] = []
        self.history: list[dict[str, object]] = []

    def intend(self, action: str, resource: str) -> None:
        self.lines.append(f"intend {action}")
        self.history.append({"event": "intended", "action": action, "resource": resource, "at": self.now().isoformat()})

    def settle(self, event: Event) -> None:
        self.lines.append(f"{event.kind.value} {event.action}")
        self.history.append(event.to_json())

    def changes(self) -> tuple[OwnChange, ...]:
        return from_journal(self.history)


def ports(cloud: FakeCloud | None = None, keys: FakeKeys | None = None) -> Ports:
    cloud = cloud or FakeCloud()
    as_account = FakeCloud(cloud.name)
    as_account.sets = cloud.sets
    as_account.table_names = cloud.table_names
    clock = VirtualClock()
    return Ports(cloud, lambda _key: as_account, keys or FakeKeys(), FakeJournal(clock.now), clock)
