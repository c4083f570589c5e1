"""Google in memory, behind the engine's ports, for stories and tests: it answers at once, or when told to."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import DryRun, ProjectPage, QueryResult, TableInfo
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import AccessEntry, AccountInfo, DatasetInfo, Identity, KeyInfo, ProjectInfo, RoleBinding
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import DATA_EDITOR, REQUIRED_SERVICES, ConnectionSpec
from kbq_tui.planning.row_policies import RowPolicy
from tests.support.codes import made_up

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROJECT = "acme-analytics-prod"
CANARY = "CANARY-PRIVATE-KEY-MATERIAL"
"""Stands where a private key would; it must never be seen."""
SPEC = ConnectionSpec(PROJECT)
CONTEXT = Context(project=PROJECT)


def refused(permission: str, project: str = PROJECT) -> Problem:
    return catalogue.permission_missing(permission, Context(project=project))


def not_found() -> Problem:
    return Problem(
        made_up("KBQ-TEST-NOT-FOUND"), verbatim("Not found"), verbatim("It is not there."), kind=Kind.NOT_FOUND
    )


@dataclass
class World:
    """What Google holds. Change it to set a scene.

    Attributes:
        faults: by method name, problems raised one call each; a problem in a list of one stays.
        gates: by method name, an event that the call waits for.
        calls: names of the methods that were called.
    """

    projects: list[ProjectInfo] = field(
        default_factory=lambda: [ProjectInfo(PROJECT, "123456789012", "Acme Analytics", "ACTIVE")]
    )
    services: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(REQUIRED_SERVICES, True))
    billing: bool = True
    constraints: dict[str, bool] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    datasets: dict[str, DatasetInfo] = field(default_factory=dict)
    account: AccountInfo | None = None
    keys: list[KeyInfo] = field(default_factory=list)
    bindings: list[RoleBinding] = field(default_factory=list)
    faults: dict[str, list[Problem]] = field(default_factory=dict)
    forever: dict[str, Problem] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    jobs: list[JobInfo] = field(default_factory=list)
    tables: dict[str, tuple[RoleBinding, ...]] = field(default_factory=dict)
    made_keys: int = 0
    key_calls: dict[str, list[KeyCall]] = field(default_factory=dict)


WRITES = (
    "enable_services",
    "add_project_binding",
    "remove_project_binding",
    "create_dataset",
    "delete_dataset",
    "grant_dataset",
    "revoke_dataset",
    "revoke_table",
    "create_account",
    "delete_account",
    "create_key",
    "delete_key",
    "switch_key",
)


class MemoryCloud:
    """Google in memory, as one principal sees it."""

    def __init__(self, world: World, principal: str = "", *, as_account: bool = False) -> None:
        self.world = world
        self.principal = principal or "olga@acme.example"
        self.as_account = as_account

    async def _enter(self, method: str) -> None:
        self.world.calls.append(method)
        await asyncio.sleep(0)
        if gate := self.world.gates.get(method):
            await gate.wait()
        if problem := self.world.forever.get(method):
            raise ProblemError(problem)
        if queue := self.world.faults.get(method):
            raise ProblemError(queue.pop(0))
        if method in WRITES:
            self.world.writes.append(method)

    async def identity(self) -> Identity:
        await self._enter("identity")
        return Identity(self.principal, verbatim("gcloud application default login"))

    async def authenticate(self) -> None:
        await self._enter("authenticate")

    async def project(self, project: str) -> ProjectInfo:
        await self._enter("project")
        for info in self.world.projects:
            if info.id == project:
                return info
        raise ProblemError(
            Problem(
                made_up("KBQ-TEST"),
                verbatim("Project not found, or you may not see it"),
                verbatim("No such project."),
                kind=Kind.NOT_FOUND,
            )
        )

    async def search_projects(self, text: str, page_token: str = "", limit: int = 50) -> ProjectPage:
        await self._enter("search_projects")
        found = [p for p in self.world.projects if text.lower() in p.id or text.lower() in p.name.lower()]
        return ProjectPage(tuple(found[:limit]), "more" if len(found) > limit else "")

    async def services(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        await self._enter("services")
        return {n: self.world.services.get(n, False) for n in names}

    async def enable_services(self, project: str, names: Sequence[str]) -> None:
        await self._enter("enable_services")
        self.world.services.update(dict.fromkeys(names, True))

    async def billing_enabled(self, project: str) -> bool:
        await self._enter("billing_enabled")
        return self.world.billing

    async def policy_enforced(self, project: str, constraint: str) -> bool:
        await self._enter("policy_enforced")
        return self.world.constraints.get(constraint, False)

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._enter("test_permissions")
        if self.as_account:
            return frozenset({"bigquery.jobs.create"} & set(permissions))
        return frozenset(permissions) - self.world.lacking

    async def project_bindings(self, project: str) -> tuple[RoleBinding, ...]:
        await self._enter("project_bindings")
        return tuple(self.world.bindings)

    async def add_project_binding(self, project: str, role: str, member: str) -> bool:
        await self._enter("add_project_binding")
        self.world.bindings.append(RoleBinding(role, (member,)))
        return True

    async def remove_project_binding(self, project: str, role: str, member: str) -> bool:
        await self._enter("remove_project_binding")
        self.world.bindings = [b for b in self.world.bindings if (b.role, b.members) != (role, (member,))]
        return True

    async def dataset_names(self, project: str) -> tuple[tuple[str, str], ...]:
        await self._enter("dataset_names")
        return tuple((d.name, d.location) for d in self.world.datasets.values())

    async def dataset(self, project: str, name: str) -> DatasetInfo | None:
        await self._enter("dataset")
        return self.world.datasets.get(name)

    async def create_dataset(
        self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]
    ) -> bool:
        await self._enter("create_dataset")
        self.world.datasets[name] = DatasetInfo(name, location, table_count=0)
        return True

    async def delete_dataset(self, project: str, name: str, *, with_tables: bool = False) -> bool:
        await self._enter("delete_dataset")
        return self.world.datasets.pop(name, None) is not None

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._enter("grant_dataset")
        info = self.world.datasets[name]
        self.world.datasets[name] = replace(info, access=(*(info.access or ()), AccessEntry(role, member)))
        return True

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._enter("revoke_dataset")
        info = self.world.datasets[name]
        self.world.datasets[name] = replace(info, access=tuple(e for e in info.access or () if e.member != member))
        return True

    async def table_bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        await self._enter("table_bindings")
        return self.world.tables.get(f"{dataset}.{table}", ())

    async def revoke_table(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        await self._enter("revoke_table")
        held = self.world.tables[f"{dataset}.{table}"]
        self.world.tables[f"{dataset}.{table}"] = tuple(b for b in held if b.role != role or b.members != (member,))
        return True

    async def account(self, project: str, email: str) -> AccountInfo | None:
        await self._enter("account")
        return self.world.account

    async def create_account(self, project: str, account_id: str, display_name: str) -> bool:
        await self._enter("create_account")
        self.world.account = AccountInfo(
            ConnectionSpec(project, account_id=account_id).account_email, "1", False, display_name
        )
        return True

    async def delete_account(self, project: str, email: str) -> bool:
        await self._enter("delete_account")
        self.world.account = None
        return True

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        await self._enter("keys")
        if self.world.account is None:
            raise ProblemError(not_found())
        return tuple(self.world.keys)

    async def create_key(self, project: str, email: str) -> Secret:
        await self._enter("create_key")
        self.world.made_keys += 1
        key_id = f"{self.world.made_keys:040x}"
        self.world.keys.append(KeyInfo(key_id, NOW))
        body = {
            "type": "service_account",
            "private_key_id": key_id,
            "client_email": email,
            "project_id": project,
            "private_key": CANARY,
        }
        return Secret(json.dumps(body))

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        await self._enter("delete_key")
        self.world.keys = [k for k in self.world.keys if k.id != key_id]
        return True

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        await self._enter("switch_key")
        self.world.keys = [replace(k, disabled=not on) if k.id == key_id else k for k in self.world.keys]

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
        await self._enter("key_calls")
        found = [c for c in self.world.key_calls.get(key_id, ()) if not addresses or c.address in addresses]
        return tuple(c for c in found if c.at >= since)[:limit]

    async def keys_counted(
        self, project: str, unique_id: str, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        await self._enter("keys_counted")
        return {}

    async def key_days(self, project: str) -> Mapping[str, datetime]:
        await self._enter("key_days")
        return {}

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
        await self._enter("query")
        if (found := self._of_tables(sql)) is not None:
            return found
        member = ConnectionSpec(project).member
        if "SCHEMATA" in sql:
            return QueryResult(
                ("schema_name", "location"), tuple((d.name, d.location) for d in self.world.datasets.values())
            )
        if "OBJECT_PRIVILEGES" in sql:
            rows = tuple(
                (d.name, e.role, e.member)
                for d in self.world.datasets.values()
                for e in d.access or ()
                if f'"{d.name}"' in sql
            )
            return QueryResult(("object_name", "privilege_type", "grantee"), rows)
        if sql.startswith("CREATE TABLE"):
            name = next((d for d in self.world.datasets if f".{d}." in sql), "")
            roles = {e.role for e in self.world.datasets[name].access or () if e.member == member} if name else set()
            if DATA_EDITOR not in roles:
                words = "Access Denied: Permission bigquery.tables.create denied on dataset (or it may not exist)."
                raise ProblemError(catalogue.problem(Code.TABLE_WRITE_DENIED, Context(project=project), original=words))
        return QueryResult(("n",), (("1",),))

    def _of_tables(self, sql: str) -> QueryResult | None:
        """Answer what the source check asks: columns, and counts that object to nothing; None for anything else."""
        names = [name.partition(".")[2] for name in self.world.tables]
        if ".INFORMATION_SCHEMA.COLUMNS" in sql:
            people = "\n".join(f"{c}\tNO\tNO\t0" for c in ("email\tSTRING", "city\tSTRING", "updated_at\tTIMESTAMP"))
            nobody = people.replace("email", "note")
            return QueryResult((), tuple((n, nobody if n.endswith("7") else people) for n in names))
        if ".INFORMATION_SCHEMA.VIEWS" in sql or "__TABLES__" in sql:
            return QueryResult((), ())
        if " AS m0" not in sql:
            return None
        last = max(int(n) for n in re.findall(r" AS m(\d+)\b", sql))
        return QueryResult((), (("1200", *("0" * last)),))

    async def tables(self, project: str, dataset: str, limit: int = 1_000) -> tuple[TableInfo, ...]:
        await self._enter("tables")
        held = [name.partition(".")[2] for name in self.world.tables if name.startswith(f"{dataset}.")]
        return tuple(TableInfo(name, "TABLE") for name in held[:limit])

    async def test_table_permissions(
        self, project: str, dataset: str, table: str, permissions: Sequence[str]
    ) -> frozenset[str]:
        await self._enter("test_table_permissions")
        return frozenset({"bigquery.tables.get"} & set(permissions))

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        await self._enter("dry_run")
        return DryRun(0, ())

    async def row_policies(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        await self._enter("row_policies")
        return ()

    async def recent_jobs(
        self, project: str, email: str, limit: int = 10, *, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        await self._enter("recent_jobs")
        return tuple(self.world.jobs)

    async def logged_jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        await self._enter("logged_jobs")
        return tuple(self.world.jobs)

    async def close(self) -> None:
        return None
