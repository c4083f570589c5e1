"""The stories of the full screens: the welcome, the six steps, the dashboard."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.drift import Drift, DriftKind, Item
from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import Look, LookHistory
from kbq_tui.engine.services import ConnectionDraft, SavedConnection
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.key_use import KeyCall
from kbq_tui.model.observed import AccessEntry, DatasetInfo
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import DATA_EDITOR
from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from tests.stories.play import Story
from tests.stories.scene import MemorySignIn, Scene, blank, complete, fresh, no_permission, resumed
from tests.support.memory_world import CONTEXT, NOW, SPEC, refused

READS: Final = (
    *("project", "services", "billing_enabled", "policy_enforced", "test_permissions", "dataset", "account"),
    *("dataset_names", "keys", "project_bindings", "recent_jobs"),
)
"""The calls of one reading."""
UNAVAILABLE: Final = catalogue.problem(Code.GOOGLE_UNAVAILABLE, CONTEXT)


def held(scene: Scene, method: str) -> Scene:
    """Make a call never answer."""
    scene.world.gates[method] = asyncio.Event()
    return scene


def held_now(app: KbqApp, method: str) -> None:
    """Make a call never answer from now on, and read."""
    assert isinstance(app.services.sign_in, MemorySignIn)
    cloud = app.services.sign_in.cloud
    cloud.world.gates[method] = asyncio.Event()
    app.action_refresh_now()


def failing(scene: Scene, method: str, problem: Problem) -> Scene:
    """Make a call always fail."""
    scene.world.forever[method] = problem
    return scene


def at(step: Step, scene: Scene | None = None) -> Scene:
    """Begin on a step; by default in a fresh project."""
    return resumed(step, scene or fresh())


def _signing_in() -> Scene:
    scene = blank()
    scene.sign_in.gate = asyncio.Event()
    return scene


def _signed_out() -> Scene:
    scene = blank()
    scene.sign_in.problem = catalogue.problem(Code.NO_CREDENTIALS, CONTEXT)
    return scene


def _nobody() -> Scene:
    scene = blank()
    scene.cloud.principal = ""
    return scene


def granted_nothing() -> Scene:
    """Datasets, account and key exist, and nobody may read or write anything."""
    scene = complete()
    world = scene.world
    world.bindings = []
    world.datasets = {name: replace(info, access=()) for name, info in world.datasets.items()}
    return scene


def _cannot_write() -> Scene:
    scene = complete()
    scene.world.datasets[SPEC.staging_dataset] = DatasetInfo(SPEC.staging_dataset, "EU", (), table_count=0)
    return scene


def _too_much() -> Scene:
    scene = complete()
    info = scene.world.datasets[SPEC.import_dataset]
    scene.world.datasets[SPEC.import_dataset] = replace(
        info, access=(*(info.access or ()), AccessEntry(DATA_EDITOR, SPEC.member))
    )
    return scene


def watched(scene: Scene | None = None, *, screen: Step = Step.CONNECT, connected: bool = False) -> Scene:
    """A connection that was set up and verified before."""
    scene = scene or complete()
    scene.store.verified[scene.draft.name] = {"at": NOW.isoformat(), "ok": True}
    scene.store.saved[scene.draft.name] = SavedConnection(scene.draft, screen, finished=True, connected=connected)
    return scene


_WELCOME = {
    "empty": Story("nobody is signed in yet, and nothing says so", _signing_in, "[ Begin ]"),
    "loading": Story("the sign-in takes a while", _signing_in, "Signing in to Google"),
    "ready": Story("signed in", blank, "Credentials of olga@acme.example"),
    "unknown": Story("Google does not tell who it is that signed in", _nobody, "Credentials of somebody"),
    "error": Story("no credentials", _signed_out, "the next screen says what to do"),
    "done": Story("begun: the first step stands", blank, "Step 1 of 6", (("Credentials of", "enter"),)),
}
_PROJECT = {
    "empty": Story("nothing typed yet", lambda: at(Step.PROJECT, blank()), "[ Look ]"),
    "loading": Story(
        "Google is being asked", lambda: held(at(Step.PROJECT), "billing_enabled"), "Looking at the project"
    ),
    "ready": Story("nothing in the way", lambda: at(Step.PROJECT), "nothing in the way"),
    "unknown": Story(
        "billing is not ours to see",
        lambda: failing(at(Step.PROJECT), "billing_enabled", refused("resourcemanager.projects.get")),
        "? unknown",
    ),
    "error": Story(
        "the operator may look, and change nothing", lambda: at(Step.PROJECT, no_permission()), "in the way"
    ),
    "done": Story(
        "the datasets exist, and settle the location", lambda: at(Step.PROJECT, complete()), "as what exists"
    ),
}
_NOT_TYPED = "Something here cannot be right yet"
_DATASETS = {
    "empty": Story("no project typed, so nothing is known", lambda: at(Step.DATASETS, blank()), _NOT_TYPED),
    "loading": Story(
        "the plan is being read", lambda: held(at(Step.DATASETS), "billing_enabled"), "Looking at the project"
    ),
    "ready": Story("two datasets to create", lambda: at(Step.DATASETS), "[ Create 2 datasets ]"),
    "unknown": Story(
        "the datasets are not ours to see",
        lambda: failing(at(Step.DATASETS), "dataset", refused("bigquery.datasets.get")),
        "2 blocked",
    ),
    "error": Story(
        "Google refused to create them",
        lambda: failing(at(Step.DATASETS), "create_dataset", refused("bigquery.datasets.create")),
        "[ Retry: Create 2 datasets ]",
        (("[ Create 2 datasets ]", "enter"),),
    ),
    "done": Story("both are there", lambda: at(Step.DATASETS, complete()), "already in place"),
}
_ACCOUNT = {
    "empty": Story("no project typed, so nothing is known", lambda: at(Step.ACCOUNT, blank()), _NOT_TYPED),
    "loading": Story(
        "the plan is being read", lambda: held(at(Step.ACCOUNT), "billing_enabled"), "Looking at the project"
    ),
    "ready": Story("account and key to create", lambda: at(Step.ACCOUNT), "[ Create account and key ]"),
    "unknown": Story(
        "its keys are not ours to see",
        lambda: failing(at(Step.ACCOUNT, complete()), "keys", refused("iam.serviceAccountKeys.list")),
        "? unknown",
    ),
    "error": Story(
        "an organisation policy forbids keys",
        lambda: failing(
            at(Step.ACCOUNT), "create_key", catalogue.problem(Code.KEY_CREATION_BLOCKED, CONTEXT, original="blocked")
        ),
        "[ Retry: create key ]",
        (("[ Create account and key ]", "enter"),),
    ),
    "done": Story(
        "the account is there, and its key is here", lambda: at(Step.ACCOUNT, complete()), "already in place"
    ),
}
_PERMISSIONS = {
    "empty": Story("no project typed, so nothing is known", lambda: at(Step.PERMISSIONS, blank()), _NOT_TYPED),
    "loading": Story(
        "the plan is being read", lambda: held(at(Step.PERMISSIONS), "billing_enabled"), "Looking at the project"
    ),
    "ready": Story("three roles to grant", lambda: at(Step.PERMISSIONS, granted_nothing()), "[ Grant 3 roles ]"),
    "unknown": Story(
        "the project's policy is not ours to see",
        lambda: failing(
            at(Step.PERMISSIONS, complete()), "project_bindings", refused("resourcemanager.projects.getIamPolicy")
        ),
        "1 blocked",
    ),
    "error": Story(
        "one of the grants is refused",
        lambda: failing(
            at(Step.PERMISSIONS, granted_nothing()),
            "add_project_binding",
            refused("resourcemanager.projects.setIamPolicy"),
        ),
        "[ Retry: Grant 1 role ]",
        (("[ Grant 3 roles ]", "enter"),),
    ),
    "done": Story("every role is granted", lambda: at(Step.PERMISSIONS, complete()), "already in place"),
}
_RUN: Final = ("[ Run the checks ]", "r")
_VERIFY = {
    "empty": Story("no project typed, so nothing can be checked", lambda: at(Step.VERIFY, blank()), "cannot be right"),
    "loading": Story(
        "the checks are running",
        lambda: held(at(Step.VERIFY, complete()), "query"),
        "Checking with the key",
        (_RUN,),
    ),
    "ready": Story(
        "nothing has been checked yet",
        lambda: at(Step.VERIFY, complete()),
        "[ Run the checks ]",
    ),
    "unknown": Story(
        "Google does not answer one of the checks",
        lambda: failing(at(Step.VERIFY, complete()), "tables", UNAVAILABLE),
        "? unknown",
        (_RUN,),
    ),
    "error": Story("Klaviyo could not write", lambda: at(Step.VERIFY, _cannot_write()), "✗ fail", (_RUN,)),
    "done": Story("every check passed", lambda: at(Step.VERIFY, complete()), "Verified:", (_RUN,)),
}
_CONNECT = {
    "empty": Story("no project typed, so there are no values", lambda: at(Step.CONNECT, blank()), "cannot be right"),
    "loading": Story(
        "the values are being looked up", lambda: held(at(Step.CONNECT), "billing_enabled"), "Looking at the project"
    ),
    "ready": Story("the values, not verified in this run", lambda: at(Step.CONNECT, complete()), "Not verified"),
    "unknown": Story(
        "nobody knows where the datasets are",
        lambda: failing(at(Step.CONNECT), "dataset", UNAVAILABLE),
        "Location of the datasets: not known",
    ),
    "error": Story(
        "not every check passed",
        lambda: at(Step.VERIFY, _cannot_write()),
        "Not every check is ok",
        (
            _RUN,
            ("[ Run again ]", lambda app: app.navigation.goto(Step.CONNECT)),
        ),
    ),
    "done": Story(
        "proven, and marked as connected",
        lambda: watched(screen=Step.VERIFY, connected=True),
        "each check is ok",
        (
            _RUN,
            ("Verified:", lambda app: app.navigation.goto(Step.CONNECT)),
        ),
    ),
}
_DASHBOARD = {
    "empty": Story("no connection yet", blank, "No connection is set up yet", start="dashboard"),
    "loading": Story(
        "Google is being asked",
        lambda: held(watched(), "billing_enabled"),
        "Looking at the connections",
        start="dashboard",
    ),
    "ready": Story("all is well; Klaviyo is not marked yet", watched, "not marked as connected", start="dashboard"),
    "unknown": Story(
        "its keys are not ours to see",
        lambda: failing(watched(), "keys", refused("iam.serviceAccountKeys.list")),
        "? unknown",
        start="dashboard",
    ),
    "error": Story("a grant has gone missing", lambda: watched(_cannot_write()), "✗ fail", start="dashboard"),
    "done": Story(
        "all is well, and Klaviyo is connected", lambda: watched(connected=True), "Klaviyo connected", start="dashboard"
    ),
}

_GONE: Final = Drift(Item(DriftKind.GRANT, "", "roles/bigquery.jobUser"), "held", None, NOW - timedelta(minutes=22))
_KEY: Final = Drift(Item(DriftKind.KEY, "", "f" * 40), None, "active", NOW - timedelta(minutes=3))


def _changed() -> Scene:
    """The project's grant was removed 22 minutes ago, and a key was added since."""
    scene = complete()
    scene.world.bindings = []
    looks = [Look(NOW - timedelta(minutes=n), Health.OK if n > 22 else Health.BROKEN) for n in range(40, 0, -3)]
    history = LookHistory(tuple(looks), Health.BROKEN, NOW - timedelta(minutes=22), None, (_GONE, _KEY))
    scene.store.looked[scene.draft.name] = history
    return watched(scene, connected=True)


def crowd() -> Scene:
    """Forty connections, some of which fail, are not verified, or have changed recently."""
    scene = complete()
    for n in range(40):
        draft = ConnectionDraft(f"client-{n:03}", f"acme-{n:03}" if n % 9 == 4 else scene.draft.project)
        scene.store.saved[draft.name] = SavedConnection(draft, Step.CONNECT, finished=True, connected=True)
        if n % 7 != 3:
            scene.store.verified[draft.name] = {"at": (NOW - timedelta(hours=n)).isoformat(), "ok": True}
        found = Health.OK if n % 9 != 4 else Health.BROKEN
        looks = [Look(NOW - timedelta(minutes=m), found if m < n else Health.OK) for m in range(15, 0, -1)]
        since = NOW - timedelta(minutes=n) if found is not Health.OK and n < 15 else None
        scene.store.looked[draft.name] = LookHistory(tuple(looks), looks[-1].health, since)
    return scene


def _cut_off(app: KbqApp) -> None:
    """Make no call answer any more, and read."""
    assert isinstance(app.services.sign_in, MemorySignIn)
    cloud = app.services.sign_in.cloud
    cloud.world.forever.update(dict.fromkeys(READS, catalogue.problem(Code.NETWORK_UNREACHABLE, CONTEXT)))
    app.monitor.services.clock.seconds += 300  # type: ignore[attr-defined]
    app.action_refresh_now()


_OPENED = (("Looked at", "enter"),)
_CONNECTION = {
    "empty": Story(
        "nothing is known of it yet",
        lambda: held(watched(), "billing_enabled"),
        "Dashboard › default",
        (("Looking at the connections", "enter"),),
        start="dashboard",
    ),
    "loading": Story(
        "what was known stays while Google is asked",
        watched,
        "Looking at the connections",
        (
            *_OPENED,
            ("Dashboard › default", lambda app: held_now(app, "billing_enabled")),
        ),
        start="dashboard",
    ),
    "ready": Story("all is well; Klaviyo is not marked yet", watched, "› default", _OPENED, start="dashboard"),
    "unknown": Story(
        "its keys are not ours to see",
        lambda: failing(watched(), "keys", refused("iam.serviceAccountKeys.list")),
        "You may not see the keys",
        _OPENED,
        start="dashboard",
    ),
    "error": Story(
        "a grant was taken away and a key added, behind our back",
        _changed,
        "Changed since an earlier look",
        _OPENED,
        start="dashboard",
    ),
    "done": Story(
        "Klaviyo is connected, and has not run a job yet",
        lambda: watched(connected=True),
        "There are warnings; everything else",
        _OPENED,
        start="dashboard",
    ),
}
_LIST = {
    "empty": Story(
        "the filter finds none of them",
        crowd,
        "Connections: 0 of 40, /x",
        (("client-004", "slash x"),),
        start="dashboard",
    ),
    "loading": Story(
        "forty connections are looked at for the first time",
        lambda: held(crowd(), "billing_enabled"),
        "Looking at the connections",
        start="dashboard",
    ),
    "ready": Story("forty connections, the worst first", crowd, "✗ 4 fail", start="dashboard"),
    "unknown": Story(
        "their keys are not ours to see",
        lambda: failing(crowd(), "keys", refused("iam.serviceAccountKeys.list")),
        "40 could not be read: client-000, client-001",
        start="dashboard",
    ),
    "error": Story(
        "Google cannot be reached: the values of before stay, dimmed",
        crowd,
        "next try in 2 min (try 2)",
        (("Looked at", _cut_off),),
        start="dashboard",
    ),
    "done": Story(
        "only what is not ok, by name",
        crowd,
        "only what is not ok",
        (("Looked at", "exclamation_mark N"),),
        start="dashboard",
    ),
}


def with_tables(scene: Scene) -> Scene:
    """Add three tables to the import dataset, one of which Klaviyo cannot use."""
    names = ("buyers", "customers", "shops_7")
    scene.world.tables.update({f"{SPEC.import_dataset}.{name}": () for name in names})
    return scene


_TO_TABLES = (("Looked at", "t"),)
_TABLES = {
    "empty": Story("there is no table yet", watched, "There is no table yet.", _TO_TABLES, start="dashboard"),
    "loading": Story(
        "the tables are looked at for the first time",
        lambda: held(with_tables(watched()), "dry_run"),
        "Looking at the tables",
        _TO_TABLES,
        start="dashboard",
    ),
    "ready": Story(
        "two tables are ready and one is not",
        lambda: with_tables(watched()),
        "2 of 3 tables are ready for Klaviyo.",
        _TO_TABLES,
        start="dashboard",
    ),
    "unknown": Story(
        "no answer comes about the tables",
        lambda: failing(with_tables(watched()), "dry_run", catalogue.problem(Code.NETWORK_UNREACHABLE, CONTEXT)),
        "0 of 3 tables are ready for Klaviyo.",
        _TO_TABLES,
        start="dashboard",
    ),
    "error": Story(
        "the tables cannot be listed",
        lambda: failing(watched(), "tables", refused("bigquery.tables.list")),
        "bigquery.tables.list",
        _TO_TABLES,
        start="dashboard",
    ),
    "done": Story(
        "one table in full",
        lambda: with_tables(watched()),
        "updated_at",
        (*_TO_TABLES, ("2 of 3 tables are ready", "enter")),
        start="dashboard",
    ),
}


def _ten_keys() -> Scene:
    scene = watched(connected=True)
    scene.world.keys = [replace(scene.world.keys[0], id=f"{n:040x}") for n in range(10)]
    return scene


def _replace_slowly(app: KbqApp) -> None:
    """Open the replacement of the key, and let Klaviyo's call be waited for until the clock goes on."""
    app.services.clock.hold()  # type: ignore[attr-defined]
    app.navigation.open_rotation("default")


def _called(app: KbqApp) -> None:
    """Let Klaviyo call with the newest key."""
    assert isinstance(app.services.sign_in, MemorySignIn)
    world, clock = app.services.sign_in.cloud.world, app.services.clock
    world.key_calls[world.keys[-1].id] = [KeyCall(clock.now(), "52.206.71.52")]
    clock.let_go()  # type: ignore[attr-defined]


def _replace_unseen(app: KbqApp) -> None:
    held_now(app, "keys")
    app.navigation.open_rotation("default")


_MADE = (("Looked at", _replace_slowly), ("[ Make the new key ]", "enter"))
_ROTATION = {
    "empty": Story(
        "nothing is begun",
        lambda: watched(connected=True),
        "[ Make the new key ]",
        (("Looked at", "r"),),
        start="dashboard",
    ),
    "loading": Story(
        "what is there is being read",
        lambda: watched(connected=True),
        "[ Reading ]",
        (("Looked at", _replace_unseen),),
        start="dashboard",
    ),
    "ready": Story(
        "the new key is made, and Klaviyo's call with it is waited for",
        lambda: watched(connected=True),
        "Waiting for Klaviyo's call",
        _MADE,
        start="dashboard",
    ),
    "unknown": Story(
        "who uses the keys is not ours to see",
        lambda: failing(watched(connected=True), "key_calls", refused("logging.privateLogEntries.list")),
        "You may not see which key was used",
        (("Looked at", "r"), ("[ Make the new key ]", "enter")),
        start="dashboard",
    ),
    "error": Story(
        "the account has ten keys, and which one Klaviyo holds is not known",
        _ten_keys,
        "Which key Klaviyo holds is not",
        (("Looked at", "r"),),
        start="dashboard",
    ),
    "done": Story(
        "Klaviyo uses the new key; the old one is off, and deleted a day later",
        lambda: watched(connected=True),
        "The old key is disabled",
        (*_MADE, ("Waiting for Klaviyo's call", _called)),
        start="dashboard",
    ),
}

STORIES: Final[Mapping[str, Mapping[str, Story]]] = {
    "welcome": _WELCOME,
    "project": _PROJECT,
    "datasets": _DATASETS,
    "account": _ACCOUNT,
    "permissions": _PERMISSIONS,
    "verify": _VERIFY,
    "connect": _CONNECT,
    "dashboard": _DASHBOARD,
    "list": _LIST,
    "connection": _CONNECTION,
    "rotation": _ROTATION,
    "tables": _TABLES,
}
