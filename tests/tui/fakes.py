"""A small cloud in memory that fulfils the engine's ports, a machine to go with it, and a desk over both."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kbq_tui.core import catalogue
from kbq_tui.core.checks import CheckResult, healthy
from kbq_tui.core.events import Event
from kbq_tui.core.observed import (
    AccessEntry,
    AccountInfo,
    DatasetInfo,
    Identity,
    KeyInfo,
    LocalKey,
    ProjectInfo,
    RoleBinding,
)
from kbq_tui.core.problems import Context, Kind, Problem, ProblemError, Retry
from kbq_tui.core.secret import Secret
from kbq_tui.core.spec import DATA_EDITOR, DATA_VIEWER, JOB_USER, REQUIRED_SERVICES, ConnectionSpec
from kbq_tui.core.steps import Step
from kbq_tui.engine.desk import Desk, Draft, Saved
from kbq_tui.engine.ports import JobInfo, ProjectPage, QueryResult, TableInfo

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROJECT = "acme-analytics-prod"
CANARY = "CANARY-PRIVATE-KEY-MATERIAL"
SPEC = ConnectionSpec(PROJECT)


class FakeClock:
    """Time that passes only by sleeping, and then at once; `hold` makes sleeps last until they are let go."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.held: asyncio.Event | None = None

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if self.held is not None:
            await self.held.wait()
        self.seconds += seconds
        await asyncio.sleep(0)

    def hold(self) -> None:
        self.held = asyncio.Event()

    def let_go(self) -> None:
        assert self.held is not None
        self.held.set()
        self.held = None


def refused(permission: str, project: str = PROJECT) -> Problem:
    return catalogue.permission_missing(permission, Context(project=project))


def not_found() -> Problem:
    return Problem("KBQ-TEST-NOT-FOUND", "Not found", "It is not there.", kind=Kind.NOT_FOUND)


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
    made_keys: int = 0


WRITES = (
    "enable_services",
    "add_project_binding",
    "remove_project_binding",
    "create_dataset",
    "delete_dataset",
    "grant_dataset",
    "revoke_dataset",
    "create_account",
    "delete_account",
    "create_key",
    "delete_key",
)


class FakeCloud:
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
        return Identity(self.principal, "gcloud application default login")

    async def authenticate(self) -> None:
        await self._enter("authenticate")

    async def project(self, project: str) -> ProjectInfo:
        await self._enter("project")
        for info in self.world.projects:
            if info.id == project:
                return info
        raise ProblemError(
            Problem("KBQ-TEST", "Project not found, or you may not see it", "No such project.", kind=Kind.NOT_FOUND)
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

    async def delete_dataset(self, project: str, name: str) -> bool:
        await self._enter("delete_dataset")
        return self.world.datasets.pop(name, None) is not None

    async def grant_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._enter("grant_dataset")
        info = self.world.datasets[name]
        self.world.datasets[name] = replace(info, access=(*info.access, AccessEntry(role, member)))
        return True

    async def revoke_dataset(self, project: str, name: str, role: str, member: str) -> bool:
        await self._enter("revoke_dataset")
        info = self.world.datasets[name]
        self.world.datasets[name] = replace(info, access=tuple(e for e in info.access if e.member != member))
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

    async def query(
        self, project: str, sql: str, location: str, *, dry_run: bool = False, max_rows: int = 1_000
    ) -> QueryResult:
        await self._enter("query")
        member = ConnectionSpec(project).member
        if "SCHEMATA" in sql:
            return QueryResult(
                ("schema_name", "location"), tuple((d.name, d.location) for d in self.world.datasets.values())
            )
        if "OBJECT_PRIVILEGES" in sql:
            rows = tuple(
                (d.name, e.role, e.member)
                for d in self.world.datasets.values()
                for e in d.access
                if f'"{d.name}"' in sql
            )
            return QueryResult(("object_name", "privilege_type", "grantee"), rows)
        if sql.startswith("CREATE TABLE"):
            name = next((d for d in self.world.datasets if f".{d}." in sql), "")
            roles = {e.role for e in self.world.datasets[name].access if e.member == member} if name else set()
            if DATA_EDITOR not in roles:
                words = "Access Denied: Permission bigquery.tables.create denied on dataset (or it may not exist)."
                raise ProblemError(
                    catalogue.problem("KBQ-TABLE-WRITE-DENIED", Context(project=project), original=words)
                )
        return QueryResult(("n",), (("1",),))

    async def tables(self, project: str, dataset: str, limit: int = 1_000) -> tuple[TableInfo, ...]:
        await self._enter("tables")
        return ()

    async def recent_jobs(self, project: str, email: str, limit: int = 10) -> tuple[JobInfo, ...]:
        await self._enter("recent_jobs")
        return tuple(self.world.jobs)

    async def close(self) -> None:
        return None


class FakeKeys:
    """Keys on this machine, in memory."""

    def __init__(self) -> None:
        self.local: LocalKey | None = None
        self.secret: Secret | None = None
        self.problem: Problem | None = None

    def inspect(self, path: str | None, project: str, email: str) -> LocalKey | None:
        if self.problem is not None:
            raise ProblemError(self.problem)
        return self.local

    def reserve(self, path: str | None, project: str, email: str) -> "FakeSlot":
        return FakeSlot(
            self,
            path or f"/home/olga/.local/share/kbq-tui/keys/{project}/{email.partition('@')[0]}.json",
            email,
            project,
        )

    def load(self, path: str | None, project: str, email: str) -> Secret:
        if self.secret is None:
            raise ProblemError(catalogue.problem("KBQ-KEY-FILE-MISSING", Context(project=project), path=path or ""))
        return self.secret


@dataclass
class FakeSlot:
    keys: FakeKeys
    path: str
    email: str
    project: str

    def commit(self, key: Secret) -> LocalKey:
        key_id = json.loads(key.reveal())["private_key_id"]
        self.keys.secret = key
        self.keys.local = LocalKey(self.path, key_id, self.email, self.project)
        return self.keys.local

    def abandon(self) -> None:
        return None


class FakeJournal:
    def __init__(self, store: "FakeStore") -> None:
        self.store = store

    def intend(self, action: str, resource: str) -> None:
        self.store.open.append(action)

    def settle(self, event: Event) -> None:
        if event.action in self.store.open:
            self.store.open.remove(event.action)


class FakeStore:
    """What this machine remembers, in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, Saved] = {}
        self.recent: tuple[str, ...] = ()
        self.texts: dict[str, str] = {}
        self.verified: dict[str, Mapping[str, object]] = {}
        self.open: list[str] = []
        self.recently = False

    def names(self) -> tuple[str, ...]:
        return tuple(self.saved)

    def load(self, name: str) -> Saved | None:
        return self.saved.get(name)

    def save(self, saved: Saved) -> None:
        self.saved[saved.draft.name] = saved

    def recent_projects(self) -> tuple[str, ...]:
        return self.recent

    def last_verify(self, name: str) -> Mapping[str, object] | None:
        return self.verified.get(name)

    def save_verify(self, name: str, results: tuple[CheckResult, ...]) -> None:
        self.verified[name] = {"at": NOW.isoformat(), "ok": healthy(results)}

    def save_text(self, name: str, kind: str, suffix: str, text: str) -> str:
        path = f"/home/olga/.local/state/kbq-tui/{name}-{kind}{suffix}"
        self.texts[path] = text
        return path

    def journal(self, name: str) -> FakeJournal:
        return FakeJournal(self)

    def unfinished(self, name: str) -> tuple[str, ...]:
        return tuple(self.open)

    def changed_recently(self, name: str) -> bool:
        return self.recently


class FakeSignIn:
    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        self.problem: Problem | None = None
        self.gcloud = False
        self.gate: asyncio.Event | None = None
        self.crash: Exception | None = None

    async def __call__(self, *, allow_gcloud: bool = False) -> FakeCloud:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.crash is not None:
            raise self.crash
        if self.problem is not None and not (allow_gcloud and self.gcloud):
            raise ProblemError(self.problem)
        return self.cloud

    def gcloud_available(self) -> bool:
        return self.gcloud


@dataclass
class Scene:
    """A desk and everything behind it, within reach of a test."""

    world: World = field(default_factory=World)
    keys: FakeKeys = field(default_factory=FakeKeys)
    store: FakeStore = field(default_factory=FakeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    draft: Draft = field(default_factory=Draft)
    copied: list[str] = field(default_factory=list)
    notices: tuple[str, ...] = ()
    patience: float | None = None

    def __post_init__(self) -> None:
        self.cloud = FakeCloud(self.world)
        self.sign_in = FakeSignIn(self.cloud)

    def copy(self, text: str, write: Callable[[str], None]) -> str:
        self.copied.append(text)
        return "sent to your terminal's clipboard. Not there? Press v."

    def desk(self) -> Desk:
        return Desk(
            sign_in=self.sign_in,
            impersonate=lambda key: FakeCloud(self.world, SPEC.account_email, as_account=True),
            keys=self.keys,
            store=self.store,
            copy=self.copy,
            clock=self.clock,
            draft=self.draft,
            notices=self.notices,
            log_path="/home/olga/.local/state/kbq-tui/log",
            patience=self.patience,
        )


def fresh(**draft: str) -> Scene:
    """Nothing there: datasets, account, key and grants are all to be made."""
    return Scene(draft=Draft(**{"project": PROJECT, **draft}))


def blank() -> Scene:
    """Nothing there, and nothing typed either."""
    return Scene()


def resumed(screen: Step, scene: Scene | None = None) -> Scene:
    """The operator left on a screen before."""
    scene = scene or fresh()
    scene.store.saved[scene.draft.name] = Saved(scene.draft, screen)
    return scene


def complete() -> Scene:
    """Everything in place already."""
    scene = fresh()
    world = scene.world
    world.datasets = {
        SPEC.import_dataset: DatasetInfo(
            SPEC.import_dataset, "EU", (AccessEntry(DATA_VIEWER, SPEC.member),), table_count=3
        ),
        SPEC.staging_dataset: DatasetInfo(
            SPEC.staging_dataset, "EU", (AccessEntry(DATA_EDITOR, SPEC.member),), table_count=0
        ),
    }
    world.account = AccountInfo(SPEC.account_email, "1")
    key_id = "abcdef0123456789abcdef0123456789abcdef01"
    world.keys = [KeyInfo(key_id, NOW - timedelta(days=12))]
    world.bindings = [RoleBinding(JOB_USER, (SPEC.member,))]
    path = f"/home/olga/.local/share/kbq-tui/keys/{PROJECT}/{SPEC.account_id}.json"
    scene.keys.local = LocalKey(path, key_id, SPEC.account_email, PROJECT)
    scene.keys.secret = Secret(json.dumps({"private_key_id": key_id, "private_key": CANARY}))
    return scene


def no_permission() -> Scene:
    """The operator may look, and change nothing."""
    scene = fresh()
    scene.world.lacking = {
        "bigquery.datasets.create",
        "iam.serviceAccounts.create",
        "iam.serviceAccountKeys.create",
        "resourcemanager.projects.setIamPolicy",
    }
    return scene


def slow(times: int) -> Scene:
    """Grants are refused a few times, because the account has not arrived everywhere."""
    scene = fresh()
    late = Problem(
        "KBQ-TEST-NOT-YET", "The account is not visible yet", "Google has not heard of it.", retry=Retry.NOT_YET
    )
    scene.world.faults["add_project_binding"] = [late] * times
    return scene


HOSTILE = "[red]boo[/red] \x1b[2J\x1b]52;c;AAAA\x07 \u202egnirts\u202c \x9b31m \ud800 " + "x" * 10_000


def fresh_left_at_project() -> Scene:
    return resumed(Step.PROJECT)


def complete_left_at_project() -> Scene:
    return resumed(Step.PROJECT, complete())


def complete_left_at_verify() -> Scene:
    return resumed(Step.VERIFY, complete())


def complete_left_at_connect() -> Scene:
    return resumed(Step.CONNECT, complete())


def hung_left_at_project() -> Scene:
    """A read that never answers."""
    scene = resumed(Step.PROJECT)
    scene.world.gates["project"] = asyncio.Event()
    return scene
