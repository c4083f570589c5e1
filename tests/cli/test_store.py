"""What is saved of a connection between two runs."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.catalogue import problem
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import ConnectionDraft, Login, SavedConnection, Store
from kbq_tui.engine.verify.checks import key_auth
from kbq_tui.i18n.messages import verbatim
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.local.ui_state import ConnectionState, SetupPosition
from kbq_tui.model.changes import OwnChange
from kbq_tui.model.checks import HANDED_OVER, CheckResult, Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.operations import ActionKey, ActionKind
from kbq_tui.model.problem import Context, ProblemError
from kbq_tui.model.refs import AccountRef
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.model.steps import Step

SPEC = ConnectionSpec("acme-prod", name="acme")


class FixedClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 31, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> bool:
        raise AssertionError("nothing waits here")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def store(clock: FixedClock) -> FileStore:
    paths = Paths.from_env(os.environ)
    made = FileStore(paths, Connections(paths.connections), clock, {"impersonate": LOGIN.impersonate})
    port: Store = made  # mypy checks that it implements the port
    assert port is made
    return made


LOGIN = Login(impersonate="me@acme.iam.gserviceaccount.com")
DRAFT = ConnectionDraft("acme", "acme-klaviyo-demo", "EU")


def keep(store: FileStore, draft: ConnectionDraft, **more: Any) -> None:
    ConnectionRecord(store, draft.name).keep(draft=draft, **more)


def test_nothing_is_known_of_what_was_never_saved(store: FileStore):
    assert store.names() == ()
    assert store.load("acme") is None
    assert store.last_verify("acme") is None
    assert store.unfinished("acme") == ()
    assert store.journal("acme").changes() == ()


def test_a_connection_comes_back_as_it_was_saved(store: FileStore):
    keep(store, DRAFT, screen=Step.PERMISSIONS, finished=True, connected=True, confirmed=True)
    assert store.names() == ("acme",)
    assert store.load("acme") == SavedConnection(DRAFT, Step.PERMISSIONS, finished=True, connected=True, login=LOGIN)
    keep(store, DRAFT, screen=Step.PROJECT, finished=False, connected=False)
    assert store.load("acme") == SavedConnection(DRAFT, Step.PROJECT, login=LOGIN)


def test_nothing_of_a_new_connection_is_kept_before_a_change_is_confirmed(
    store: FileStore, files: Callable[[], object]
):
    record = ConnectionRecord(store, "acme")
    record.keep(draft=DRAFT, screen=Step.DATASETS)
    assert record.saved is None
    assert files() == {}
    record.keep(draft=DRAFT, screen=Step.DATASETS, confirmed=True)
    assert store.names() == ("acme",)
    assert store.load("acme") == SavedConnection(DRAFT, Step.DATASETS, login=LOGIN)


def test_what_cannot_be_right_yet_makes_no_connection_and_is_kept_of_one_that_exists(
    store: FileStore, files: Callable[[], object]
):
    half = ConnectionDraft("acme", "Not An Id", import_dataset="a b")
    keep(store, half, screen=Step.PROJECT, confirmed=True)
    assert files() == {}
    keep(store, DRAFT, confirmed=True)
    keep(store, half, screen=Step.PROJECT)
    assert store.load("acme") == SavedConnection(half, Step.PROJECT, login=LOGIN)
    keep(store, DRAFT, confirmed=True)
    # nothing of the incomplete connection is left
    assert store.load("acme") == SavedConnection(DRAFT, Step.PROJECT, login=LOGIN)


def test_a_connection_that_was_removed_meanwhile_is_not_kept_again(store: FileStore, files: Callable[[], object]):
    keep(store, DRAFT, confirmed=True)
    record = ConnectionRecord(store, "acme")
    (Paths.from_env(os.environ).connections / "acme.toml").unlink()
    before = files()
    record.keep(draft=DRAFT.replace(import_dataset="OTHER"), screen=Step.VERIFY)
    assert files() == before


def test_what_an_earlier_version_kept_of_a_new_connection_is_still_read(store: FileStore):
    ConnectionState(Paths.from_env(os.environ).of_connection("acme")).save_wizard(
        SetupPosition("datasets", {"project": "acme-klaviyo-demo", "location": "EU"})
    )
    assert store.load("acme") == SavedConnection(DRAFT, Step.DATASETS, filed=False)
    keep(store, DRAFT, confirmed=True)
    assert store.load("acme") == SavedConnection(DRAFT, Step.DATASETS, login=LOGIN)


def test_what_another_process_has_changed_since_it_was_read_stays(store: FileStore):
    keep(store, DRAFT, screen=Step.VERIFY, confirmed=True)
    early = ConnectionRecord(store, "acme")
    keep(store, DRAFT.replace(location="US"), finished=True, connected=True)
    early.keep(draft=early.state.draft.replace(import_dataset="OTHER"))
    assert store.load("acme") == SavedConnection(
        DRAFT.replace(location="US", import_dataset="OTHER"), Step.VERIFY, finished=True, connected=True, login=LOGIN
    )


def test_nothing_is_written_where_nothing_changes(store: FileStore, files: Callable[[], object]):
    file = Paths.from_env(os.environ).connections / "acme.toml"
    file.parent.mkdir(parents=True)
    file.write_text('# as the operator likes it\n"project"   =   \'acme-klaviyo-demo\'\nlocation="EU"\n')
    file.chmod(0o644)
    before = files()
    record = ConnectionRecord(store, "acme")
    record.keep(draft=DRAFT)
    record.keep(finished=False, connected=False)
    assert files() == before


def test_what_could_not_be_written_is_written_the_next_time(store: FileStore, monkeypatch: pytest.MonkeyPatch):
    keep(store, DRAFT, screen=Step.PROJECT, confirmed=True)
    record = ConnectionRecord(store, "acme")
    problem = ProblemError(catalogue.problem(Code.DISK_FULL, Context(), path="x", reason="y"))
    with monkeypatch.context() as broken:
        broken.setattr("kbq_tui.local.ui_state.write_atomic", Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(ProblemError, match=str(problem.problem.title)):
            record.keep(finished=True)
    record.keep(screen=Step.CONNECT)
    assert store.load("acme") == SavedConnection(DRAFT, Step.CONNECT, finished=True, login=LOGIN)


def test_a_project_is_recent_once_it_is_said_to_have_been_seen(store: FileStore):
    keep(store, DRAFT, screen=Step.CONNECT, finished=True, confirmed=True)
    assert store.recent_projects() == ()
    store.remember_project("one-project")
    store.remember_project("two-project")
    store.remember_project("one-project")
    assert store.recent_projects() == ("one-project", "two-project")


def test_comments_and_credentials_settings_in_the_file_stay(store: FileStore):
    file = Paths.from_env(os.environ).connections / "acme.toml"
    file.parent.mkdir(parents=True)
    file.write_text('# ours\nproject = "acme-klaviyo-demo"  # prod\nquota_project = "acme-billing"\n')
    keep(store, DRAFT.replace(location="EU"))
    assert "impersonate" not in file.read_text()  # typed in this run, and nothing was confirmed
    keep(store, DRAFT, confirmed=True)
    text = file.read_text()
    assert "# ours" in text
    assert "# prod" in text
    assert 'quota_project = "acme-billing"' in text
    assert 'impersonate = "me@acme.iam.gserviceaccount.com"' in text


def test_a_verification_and_a_report_are_kept_for_the_owner_only(store: FileStore):
    store.save_verify(
        ConnectionSpec("acme-prod", name="acme"), (CheckResult(key_auth.check, Verdict.PASS, verbatim("yes")),)
    )
    last = store.last_verify("acme")
    assert last is not None
    assert (last["ok"], last["at"]) == (True, "2026-01-31T09:00:00+00:00")
    path = Path(store.save_text("acme", "verify", ".md", "text"))
    assert path.read_text() == "text"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_verification_that_could_not_try_the_key_any_more_leaves_the_last_one(store: FileStore):
    handed = problem(HANDED_OVER, Context(), key_id="0" * 40)
    store.save_verify(
        ConnectionSpec("acme-prod", name="acme"), (CheckResult(key_auth.check, Verdict.PASS, verbatim("yes")),)
    )
    store.save_verify(
        ConnectionSpec("acme-prod", name="acme"),
        (CheckResult(key_auth.check, Verdict.UNKNOWN, verbatim(""), problem=handed),),
    )
    last = store.last_verify("acme")
    assert last is not None
    assert last["ok"] is True


def test_a_change_is_open_until_settled(store: FileStore, clock: FixedClock):
    store.journal("acme").intend("key", "someone@acme")
    assert store.unfinished("acme") == ("key (someone@acme)",)
    store.journal("acme").settle(Event(EventKind.FINISHED, "key", clock.now()))
    assert store.unfinished("acme") == ()
    key = ActionKey(ActionKind.KEY, AccountRef("", "someone@acme"))
    assert store.journal("acme").changes() == (OwnChange(key, clock.now()),)


def test_what_was_typed_in_the_setup_beats_gcloud_and_yields_to_options(store: FileStore, monkeypatch):
    keep(store, ConnectionDraft("default", "acme-klaviyo-demo"), confirmed=True)
    keep(store, ConnectionDraft("default", "half-typed-project", import_dataset="a b"))
    env = dict(os.environ) | {"CLOUDSDK_CORE_PROJECT": "from-gcloud"}
    assert build(CliOptions(), env).services.draft.project == "half-typed-project"
    assert build(CliOptions(values={"project": "from-options"}), env).services.draft.project == "from-options"
    assert build(CliOptions(name="other", may_create=True), env).services.draft.project == "from-gcloud"


def test_plan_names_the_connection_that_shares_the_account_with_other_needs(google, call):
    google("fresh")
    assert call("apply", "shop", "--yes", "--direction", "both").status == 0
    assert call("apply", "other", "--yes", "--direction", "import").status == 0
    plan = call("plan", "other", "--remove-over-grants", "--json").json
    (told,) = [w for w in plan["warnings"] if w["code"] == "KBQ-SHARED-NEEDS"]
    assert "Connection shop" in told["cause"]
    assert not [a for a in plan["actions"] if a["change"] == "delete"]
