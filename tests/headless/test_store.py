"""What is remembered of a connection between two runs."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbq_tui.core.changes import OwnChange
from kbq_tui.core.checks import KEY_AUTH, CheckResult, Verdict
from kbq_tui.core.events import Event, EventKind
from kbq_tui.core.steps import Step
from kbq_tui.engine.desk import Draft, Saved, Store
from kbq_tui.local.config import Connections
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.wiring import Options, build


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 31, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> FileStore:
    paths = Paths.from_env(os.environ)
    made = FileStore(paths, Connections(paths.connections), clock, {"impersonate": "me@acme.iam.gserviceaccount.com"})
    port: Store = made  # it fulfils the port, says mypy
    assert port is made
    return made


DRAFT = Draft("acme", "acme-klaviyo-demo", "EU")


def test_nothing_is_known_of_what_was_never_saved(store: FileStore):
    assert store.names() == ()
    assert store.load("acme") is None
    assert store.last_verify("acme") is None
    assert store.unfinished("acme") == ()
    assert store.journal("acme").changes() == ()


def test_a_connection_comes_back_as_it_was_saved(store: FileStore):
    store.save(Saved(DRAFT, Step.PERMISSIONS, finished=True, connected=True))
    assert store.names() == ("acme",)
    assert store.load("acme") == Saved(DRAFT, Step.PERMISSIONS, finished=True, connected=True)
    assert store.recent_projects() == ("acme-klaviyo-demo",)
    store.save(Saved(DRAFT, Step.PROJECT))
    assert store.load("acme") == Saved(DRAFT, Step.PROJECT)


def test_what_cannot_be_right_yet_is_kept_as_typed_and_makes_no_connection(store: FileStore):
    half = Draft("acme", "Not An Id", import_dataset="a b")
    store.save(Saved(half, Step.PROJECT))
    assert store.names() == ()
    assert store.load("acme") == Saved(half, Step.PROJECT)
    store.save(Saved(DRAFT))
    assert store.load("acme") == Saved(DRAFT)  # nothing of the half is left


def test_comments_and_credentials_settings_in_the_file_stay(store: FileStore):
    file = Paths.from_env(os.environ).connections / "acme.toml"
    file.parent.mkdir(parents=True)
    file.write_text('# ours\nproject = "acme-klaviyo-demo"  # prod\nquota_project = "acme-billing"\n')
    store.save(Saved(DRAFT.but(location="EU")))
    text = file.read_text()
    assert "# ours" in text
    assert "# prod" in text
    assert 'quota_project = "acme-billing"' in text
    assert 'impersonate = "me@acme.iam.gserviceaccount.com"' in text  # typed in this run


def test_a_verification_and_a_report_are_kept_for_the_owner_only(store: FileStore):
    store.save_verify("acme", (CheckResult(KEY_AUTH, Verdict.PASS, "yes"),))
    last = store.last_verify("acme")
    assert last is not None
    assert (last["ok"], last["at"]) == (True, "2026-01-31T09:00:00+00:00")
    path = Path(store.save_text("acme", "verify", ".md", "text"))
    assert path.read_text() == "text"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_change_is_open_until_settled(store: FileStore, clock: Clock):
    store.journal("acme").intend("key", "someone@acme")
    assert store.unfinished("acme") == ("key (someone@acme)",)
    store.journal("acme").settle(Event(EventKind.FINISHED, "key", clock.now()))
    assert store.unfinished("acme") == ()
    assert store.journal("acme").changes() == (OwnChange("key", "someone@acme", clock.now()),)


def test_what_was_typed_in_the_setup_beats_gcloud_and_yields_to_options(store: FileStore, monkeypatch):
    store.save(Saved(Draft("default", "half-typed-project", import_dataset="a b")))
    env = dict(os.environ) | {"CLOUDSDK_CORE_PROJECT": "from-gcloud"}
    assert build(Options(), env).desk.draft.project == "half-typed-project"
    assert build(Options(values={"project": "from-options"}), env).desk.draft.project == "from-options"
    assert build(Options(name="other"), env).desk.draft.project == "from-gcloud"
