"""Google in memory, behind the engine's ports, for stories and tests. It answers at once, or when it is told to."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import DryRun, ProjectPage, QueryResult, TableInfo
from kbq_tui.i18n.messages import verbatim
from kbq_tui.model.admin_change import AdminChange
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.jobs import JobInfo
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import AccessEntry, AccountInfo, DatasetInfo, Identity, KeyInfo, ProjectInfo, RoleBinding
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError
from kbq_tui.model.query_quota import QueryQuota
from kbq_tui.model.refs import AccountRef, DatasetRef, ProjectRef
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import DATA_EDITOR, ConnectionSpec
from kbq_tui.planning.row_policies import RowPolicy
from tests.support.codes import made_up
from tests.support.known import known
from tests.support.memory_world import NOW, MemoryWorld, key_json, not_found


class MemoryCloud:
    """Google in memory, as one principal sees it."""

    def __init__(self, world: MemoryWorld | None = None, principal: str = "", *, as_account: bool = False) -> None:
        self.world = world or MemoryWorld()
        self.principal = principal or "olga@acme.example"
        self.as_account = as_account
        self.closed = False

    async def enter(self, method: str, about: str = "", *, write: bool = False) -> None:
        """Note a call; wait, and end with a problem, if the world says so."""
        world, full = self.world, f"{method}:{about}" if about else method
        names = {full, method}
        world.calls.append(full)
        world.running |= names
        try:
            await asyncio.sleep(0)
            for gate in [world.gates[n] for n in names if n in world.gates]:
                await gate.wait()
            queue = next((world.faults[n] for n in (full, method) if world.faults.get(n)), None)
            problem = queue.pop(0) if queue else world.forever.get(full) or world.forever.get(method)
            if problem is not None:
                raise ProblemError(problem)
        finally:
            world.running -= names
        if write:
            world.writes.append(full)

    async def identity(self) -> Identity:
        await self.enter("identity")
        return Identity(self.principal, verbatim("gcloud application default login"))

    async def authenticate(self) -> None:
        await self.enter("authenticate")

    async def project(self, project: str) -> ProjectInfo:
        await self.enter("project")
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
        await self.enter("search_projects")
        found = [p for p in self.world.projects if text.lower() in p.id or text.lower() in p.name.lower()]
        return ProjectPage(tuple(found[:limit]), "more" if len(found) > limit else "")

    async def services(self, project: str, names: Sequence[str]) -> Mapping[str, bool]:
        await self.enter("services")
        return {n: self.world.services.get(n, False) for n in names}

    async def enable_services(self, project: str, names: Sequence[str]) -> None:
        await self.enter("enable_services", write=True)
        self.world.services.update(dict.fromkeys(names, True))

    async def billing_enabled(self, project: str) -> bool:
        await self.enter("billing_enabled")
        return self.world.billing

    async def policy_enforced(self, project: str, constraint: str) -> bool:
        await self.enter("policy_enforced")
        return self.world.constraints.get(constraint, False)

    async def test_permissions(self, project: str, permissions: Sequence[str]) -> frozenset[str]:
        await self.enter("test_permissions")
        if self.world.allowed is not None:
            return frozenset(permissions) & self.world.allowed
        if self.as_account:
            return frozenset({"bigquery.jobs.create"} & set(permissions))
        return frozenset(permissions) - self.world.lacking

    async def project_bindings(self, project: str) -> tuple[RoleBinding, ...]:
        await self.enter("project_bindings")
        return tuple(self.world.bindings)

    async def add_project_binding(self, project: str, role: str, member: str) -> bool:
        await self.enter("add_project_binding", write=True)
        self.world.bindings.append(RoleBinding(role, (member,)))
        return True

    async def remove_project_binding(self, project: str, role: str, member: str) -> bool:
        await self.enter("remove_project_binding", write=True)
        before = self.world.bindings
        self.world.bindings = [b for b in before if (b.role, b.members) != (role, (member,))]
        return len(self.world.bindings) < len(before)

    async def dataset_names(self, project: str) -> tuple[tuple[str, str], ...]:
        await self.enter("dataset_names")
        return tuple((d.name, d.location) for d in self.world.datasets.values())

    async def dataset(self, project: str, name: str) -> DatasetInfo | None:
        await self.enter("dataset")
        if not self.world.services.get("bigquery.googleapis.com"):
            raise ProblemError(catalogue.problem(Code.API_DISABLED, Context(project=project)))
        return self.world.datasets.get(name)

    async def create_dataset(
        self, project: str, name: str, location: str, description: str, labels: Mapping[str, str]
    ) -> bool:
        await self.enter("create_dataset", name, write=True)
        if name in self.world.datasets:
            return False
        self.world.datasets[name] = DatasetInfo(name, location, (), description, labels, NOW, 0)
        return True

    async def delete_dataset(self, project: str, name: str, *, with_tables: bool = False) -> bool:
        await self.enter("delete_dataset", write=True)
        return self.world.datasets.pop(name, None) is not None

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self.enter("grant_dataset", name, write=True)
        info = self.world.datasets[name]
        self.world.datasets[name] = replace(info, access=(*known(info.access), AccessEntry(role, member)))
        return True

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self.enter("revoke_dataset", name, write=True)
        info = self.world.datasets[name]
        kept = tuple(e for e in known(info.access) if (e.role, e.member) != (role, member))
        self.world.datasets[name] = replace(info, access=kept)
        return len(kept) < len(known(info.access))

    async def table_bindings(self, project: str, dataset: str, table: str) -> tuple[RoleBinding, ...]:
        await self.enter("table_bindings", f"{dataset}.{table}")
        return self.world.tables.get(f"{dataset}.{table}", ())

    async def revoke_table(self, project: str, dataset: str, table: str, role: str, member: str) -> bool:
        await self.enter("revoke_table", f"{dataset}.{table}", write=True)
        held = self.world.tables[f"{dataset}.{table}"]
        kept = tuple(b for b in held if b.role != role or b.members != (member,))
        self.world.tables[f"{dataset}.{table}"] = kept
        return kept != held

    async def account(self, project: str, email: str) -> AccountInfo | None:
        await self.enter("account")
        return self.world.account

    async def create_account(self, project: str, account_id: str, display_name: str) -> bool:
        await self.enter("create_account", write=True)
        self.world.account = AccountInfo(
            ConnectionSpec(project, account_id=account_id).account_email, "1", False, display_name
        )
        return True

    async def delete_account(self, project: str, email: str) -> bool:
        await self.enter("delete_account", write=True)
        gone, self.world.account = self.world.account, None
        return gone is not None

    async def keys(self, project: str, email: str) -> tuple[KeyInfo, ...]:
        await self.enter("keys")
        if self.world.account is None:
            raise ProblemError(not_found())
        return tuple(self.world.keys)

    async def create_key(self, project: str, email: str) -> Secret:
        await self.enter("create_key", write=True)
        key_id = self._new_id()
        self.world.keys.append(KeyInfo(key_id, NOW))
        return key_json(project, email, key_id)

    def _new_id(self) -> str:
        while True:
            self.world.made_keys += 1
            if (key_id := f"{self.world.made_keys:040x}") not in [k.id for k in self.world.keys]:
                return key_id

    async def delete_key(self, project: str, email: str, key_id: str) -> bool:
        await self.enter("delete_key", write=True)
        before = self.world.keys
        self.world.keys = [k for k in before if k.id != key_id]
        return len(self.world.keys) < len(before)

    async def switch_key(self, project: str, email: str, key_id: str, *, on: bool) -> None:
        await self.enter("switch_key", write=True)
        self.world.keys = [replace(k, disabled=not on) if k.id == key_id else k for k in self.world.keys]

    async def admin_changes(
        self, of: ProjectRef | DatasetRef | AccountRef, *, since: datetime
    ) -> tuple[AdminChange, ...]:
        await self.enter("admin_changes")
        return tuple(change for change in self.world.admin_changes.get(of, ()) if change.at >= since)

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
        await self.enter("key_calls")
        calls = self.world.key_calls[key_id]
        found = [c for c in calls if c.at >= since and (not addresses or c.address in addresses)]
        return tuple(sorted(found, key=lambda c: c.at, reverse=True)[:limit])

    async def keys_counted(
        self, project: str, unique_id: str, since: datetime, until: datetime
    ) -> Mapping[str, datetime]:
        await self.enter("keys_counted")
        return dict(self.world.key_metric)

    async def key_days(self, project: str) -> Mapping[str, datetime]:
        await self.enter("key_days")
        return dict(self.world.key_days)

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
        await self.enter("query", word, write="VIEW" in sql.split()[:2])
        if (found := self._of_tables(sql)) is not None:
            return found
        if "JOBS_BY_PROJECT" in sql:
            return _of_jobs(self.world.jobs)
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
        if word == "CREATE" and sql.startswith("CREATE TABLE") and not self._may_write(project, sql):
            words = "Access Denied: Permission bigquery.tables.create denied on dataset (or it may not exist)."
            raise ProblemError(catalogue.problem(Code.TABLE_WRITE_DENIED, Context(project=project), original=words))
        if view := re.match(r"CREATE VIEW `[^`]+\.([^.`]+\.[^.`]+)`", sql):
            self.world.tables[view[1]] = ()
        if word in ("CREATE", "INSERT", "DROP"):
            self.world.statements.append(sql)
        return QueryResult(("n",), (("1",),))

    def _may_write(self, project: str, sql: str) -> bool:
        """Return whether the account may create the table of this statement."""
        info = next((d for name, d in self.world.datasets.items() if f".{name}." in sql), None)
        own = ConnectionSpec(project).member
        roles = {e.role for e in info.access or () if e.member == own} if info is not None else set()
        return self.world.inherited_write or DATA_EDITOR in roles

    def _of_tables(self, sql: str) -> QueryResult | None:
        """Answer the source check's queries: columns, and counts without objections; None for anything else."""
        if ".INFORMATION_SCHEMA.COLUMNS" in sql:
            names = [name.partition(".")[2] for name in self.world.tables]
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
        await self.enter("tables")
        world = self.world
        held = [name for name in {**world.tables, **world.table_infos} if name.startswith(f"{dataset}.")]
        infos = {name: TableInfo(name.partition(".")[2], "TABLE") for name in held} | world.table_infos
        return tuple(infos[name] for name in held[:limit])

    async def test_table_permissions(
        self, project: str, dataset: str, table: str, permissions: Sequence[str]
    ) -> frozenset[str]:
        await self.enter("test_table_permissions")
        return frozenset({"bigquery.tables.get"} & set(permissions))

    async def dry_run(self, project: str, sql: str, location: str) -> DryRun:
        await self.enter("dry_run", sql.split()[0])
        return DryRun(0, ())

    async def row_policies(self, project: str, dataset: str, table: str) -> tuple[RowPolicy, ...]:
        await self.enter("row_policies")
        return ()

    async def recent_jobs(
        self, project: str, email: str, limit: int = 10, *, since: datetime | None = None
    ) -> tuple[JobInfo, ...]:
        await self.enter("recent_jobs")
        return tuple(self.world.jobs)

    async def query_quota(self, project: str) -> QueryQuota:
        await self.enter("query_quota")
        return QueryQuota(200 << 40)

    async def logged_jobs(self, project: str, email: str, *, since: datetime, limit: int) -> tuple[JobInfo, ...]:
        await self.enter("logged_jobs")
        return tuple(self.world.jobs)

    async def close(self) -> None:
        self.closed = True


def _of_jobs(jobs: Sequence[JobInfo]) -> QueryResult:
    """Return jobs in the form of INFORMATION_SCHEMA."""
    columns = ("creation_time", "end_time", "state", "statement", "error", "total_bytes_billed", "total_slot_ms")
    rows = tuple(
        (
            job.created.isoformat(),
            job.ended.isoformat() if job.ended else None,
            job.state,
            job.statement,
            job.error,
            str(job.billed) if job.billed is not None else None,
            str(job.slot_ms) if job.slot_ms is not None else None,
        )
        for job in jobs
    )
    return QueryResult(columns, rows)
