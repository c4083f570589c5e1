"""A machine in memory, the services over it, and the situations that stories and tests begin with."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kbq_tui.engine.look_history import LookHistory
from kbq_tui.engine.services import AppServices, ConnectionDraft, CopyResult, Login, SavedConnection, UiPreferences
from kbq_tui.engine.source_looks import SourceLooks
from kbq_tui.i18n.messages import Message, verbatim
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.checks import CheckResult, healthy
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.observed import AccessEntry, AccountInfo, DatasetInfo, KeyInfo, LocalKey, RoleBinding
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Problem, ProblemError, Retry
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.secret import Secret
from kbq_tui.model.spec import DATA_EDITOR, DATA_VIEWER, JOB_USER, ConnectionSpec
from kbq_tui.model.steps import Step
from tests.support.codes import made_up
from tests.support.memory_cloud import MemoryCloud
from tests.support.memory_machine import MemoryKeys, VirtualClock
from tests.support.memory_world import CANARY, NOW, PROJECT, SPEC, MemoryWorld


class MemoryJournal:
    def __init__(self, store: "MemoryStore") -> None:
        self.store = store

    def intend(self, action: str, resource: str) -> None:
        self.store.open.append(action)
        self.store.resources[action] = resource

    def settle(self, event: Event) -> None:
        if event.action in self.store.open:
            self.store.open.remove(event.action)
        if event.kind is EventKind.FINISHED:
            key = self._key(event.action)
            assert key is not None
            self.store.changed.append(OwnChange(key, event.at))

    def changes(self) -> tuple[OwnChange, ...]:
        begun = [OwnChange(key, NOW, made=False) for a in self.store.open if (key := self._key(a))]
        return (*begun, *self.store.changed)

    def _key(self, action: str) -> ActionKey | None:
        return ActionKey.read(action, self.store.resources.get(action, ""))


class MemoryStore:
    """What this machine remembers, in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, SavedConnection] = {}
        self.recent: tuple[str, ...] = ()
        self.texts: dict[str, str] = {}
        self.verified: dict[str, Mapping[str, object]] = {}
        self.resources: dict[str, str] = {}
        self.open: list[str] = []
        self.changed: list[OwnChange] = []
        self.problem: Problem | None = None
        self.chosen = UiPreferences()
        self.looked: dict[str, LookHistory] = {}
        self.sources: dict[str, SourceLooks] = {}
        self.now: Callable[[], datetime] = lambda: NOW

    def names(self) -> tuple[str, ...]:
        return tuple(name for name, saved in self.saved.items() if saved.filed)

    def load(self, name: str) -> SavedConnection | None:
        return self.saved.get(name)

    def save(self, saved: SavedConnection, before: SavedConnection, *, confirmed: bool = False) -> None:
        self.saved[saved.draft.name] = saved

    def recent_projects(self) -> tuple[str, ...]:
        return self.recent

    def remember_project(self, project: str) -> None:
        self.recent = (project, *(p for p in self.recent if p != project))

    def preferences(self) -> UiPreferences:
        return self.chosen

    def save_preferences(self, preferences: UiPreferences) -> None:
        if self.problem is not None:
            raise ProblemError(self.problem)
        self.chosen = preferences

    def last_verify(self, name: str) -> Mapping[str, object] | None:
        return self.verified.get(name)

    def save_verify(self, spec: ConnectionSpec, results: tuple[CheckResult, ...]) -> None:
        self.verified[spec.name] = {"at": self.now().isoformat(), "ok": healthy(results)}

    def remove(self, name: str) -> tuple[str, ...]:
        del self.saved[name]
        return (f"/home/olga/.local/state/kbq-tui/{name}/reports",)

    def looks(self, name: str) -> LookHistory:
        return self.looked.get(name, LookHistory())

    def save_looks(self, name: str, history: LookHistory) -> None:
        self.looked[name] = history

    def source_looks(self, name: str) -> SourceLooks:
        return self.sources.get(name, SourceLooks())

    def save_source_looks(self, name: str, looks: SourceLooks) -> None:
        if self.problem is not None:
            raise ProblemError(self.problem)
        self.sources[name] = looks

    def save_text(self, name: str, kind: str, suffix: str, text: str) -> str:
        if self.problem is not None:
            raise ProblemError(self.problem)
        path = f"/home/olga/.local/state/kbq-tui/{name}-{kind}{suffix}"
        self.texts[path] = text
        return path

    def write_values(self, path: str, text: str) -> str:
        return self.save_text("default", "values", f" as {path}", text)

    def journal(self, name: str) -> MemoryJournal:
        return MemoryJournal(self)

    def unfinished(self, name: str) -> tuple[str, ...]:
        return tuple(self.open)


class MemorySignIn:
    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud
        self.problem: Problem | None = None
        self.gcloud = False
        self.installed = False
        self.files: frozenset[str] = frozenset()
        self.login = Login()
        self.gate: asyncio.Event | None = None
        self.crash: Exception | None = None

    async def __call__(self, *, allow_gcloud: bool = False) -> MemoryCloud:
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if self.crash is not None:
            raise self.crash
        if self.problem is not None and not (allow_gcloud and self.gcloud) and self.login == Login():
            raise ProblemError(self.problem)
        return self.cloud

    def gcloud_available(self) -> bool:
        return self.gcloud

    def can_log_in(self) -> bool:
        return self.installed

    def log_in(self) -> Message | None:
        self.problem = None
        return None

    def check_file(self, path: str) -> Message | None:
        return None if path in self.files else verbatim(f"File {path} cannot be read")

    def choose(self, login: Login) -> "MemorySignIn":
        self.login = login
        return self


class MemoryClipboard:
    """A clipboard that accepts everything.

    Attributes:
        way: the text about the way for a private key; empty for none.
    """

    def __init__(self) -> None:
        self.copied: list[str] = []
        self.keys: list[Secret] = []
        self.way = "Into your terminal's clipboard. A clipboard manager there may keep it."

    def copy(self, text: str, write: Callable[[str], None]) -> CopyResult:
        self.copied.append(text)
        return CopyResult(("OSC 52",), verbatim("Sent to your terminal's clipboard."))

    def key_way(self) -> Message:
        return verbatim(self.way)

    def copy_key(self, key: Secret, write: Callable[[str], None]) -> CopyResult:
        self.keys.append(key)
        return CopyResult(("OSC 52",), verbatim("Sent to your terminal's clipboard."))


@dataclass
class Scene:
    """Services and everything behind it, accessible to a test."""

    world: MemoryWorld = field(default_factory=MemoryWorld)
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: VirtualClock = field(default_factory=VirtualClock)
    draft: ConnectionDraft = field(default_factory=ConnectionDraft)
    clipboard: MemoryClipboard = field(default_factory=MemoryClipboard)
    notices: tuple[Message, ...] = ()
    patience: float | None = None

    def __post_init__(self) -> None:
        self.cloud = MemoryCloud(self.world)
        self.sign_in = MemorySignIn(self.cloud)

    @property
    def copied(self) -> list[str]:
        return self.clipboard.copied

    def services(self) -> AppServices:
        return AppServices(
            sign_in=self.sign_in,
            impersonate=lambda key: MemoryCloud(self.world, SPEC.account_email, as_account=True),
            keys=self.keys,
            store=self.store,
            clipboard=self.clipboard,
            clock=self.clock,
            draft=self.draft,
            notices=self.notices,
            log_path="/home/olga/.local/state/kbq-tui/log",
            patience=self.patience,
            remove=self.store.remove,
            choose_login=self.sign_in.choose,
        )


def fresh(**draft: str) -> Scene:
    """Nothing exists: datasets, account, key and grants are all to be created."""
    return Scene(draft=ConnectionDraft(**{"project": PROJECT, **draft}))


def account_made() -> OwnChange:
    """Our own creation of the account, just now."""
    return OwnChange(ActionKey(ActionKind.ACCOUNT, AccountRef(SPEC.project, SPEC.account_email)), NOW)


def blank() -> Scene:
    """Nothing exists, and nothing was typed either."""
    return Scene()


def resumed(screen: Step, scene: Scene | None = None) -> Scene:
    """The operator left on a screen before."""
    scene = scene or fresh()
    scene.store.saved[scene.draft.name] = SavedConnection(scene.draft, screen)
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
    """The operator may read, but change nothing."""
    scene = fresh()
    scene.world.lacking = {
        "bigquery.datasets.create",
        "iam.serviceAccounts.create",
        "iam.serviceAccountKeys.create",
        "resourcemanager.projects.setIamPolicy",
    }
    return scene


def slow(times: int) -> Scene:
    """Grants are refused a few times, because the account is not known everywhere yet."""
    scene = fresh()
    late = Problem(
        made_up("KBQ-TEST-NOT-YET"),
        verbatim("The account is not visible yet"),
        verbatim("Google has not heard of it."),
        retry=Retry.NOT_YET,
    )
    scene.world.faults["add_project_binding"] = [late] * times
    return scene
