"""Which existing file each kind of output may replace, append to or delete: only its own kind, and empty ones."""

import fcntl
import json
import logging
import os
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbq_tui.cli.report_file import REPORT, check_report, write_report
from kbq_tui.engine.source_looks import SourceLooks
from kbq_tui.engine.verify.checks import expected
from kbq_tui.export.report import About, report
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import EMPTY, verbatim
from kbq_tui.local import files, journal, lock, log, metrics_file, on_change, plan_file, ui_state
from kbq_tui.local.bad_rows_file import BAD_ROWS, write_bad_rows
from kbq_tui.local.connection_file import CONNECTION, Connections, write_connection
from kbq_tui.local.connection_values import Connection
from kbq_tui.local.files import FileKind, NotOursError
from kbq_tui.local.journal import FileJournal
from kbq_tui.local.keys import records
from kbq_tui.local.keys.place import Facts
from kbq_tui.local.lock import ConnectionLock
from kbq_tui.local.metrics_file import MetricsFile
from kbq_tui.local.on_change import OnChange
from kbq_tui.local.paths import Paths
from kbq_tui.local.plan_file import PlanFiles
from kbq_tui.local.ui_state import ConnectionState, SavedPreferences, SetupPosition, write_preferences
from kbq_tui.local.values_file import VALUES, write_values
from kbq_tui.model.checks import CheckResult, Verdict
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.saved_plan import SavedPlan
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.sandbox.__main__ import _not_ours
from kbq_tui.sandbox.server import write_private
from tests.local.conftest import EMAIL, FakeClock, key_json

SPEC = ConnectionSpec("acme-prod", name="prod")
ABOUT = About(SPEC, datetime(2026, 1, 31, 9, 0, 5, tzinfo=UTC), "EU", "me@acme.com", "0123abcd")
RESULTS = tuple(CheckResult(c, Verdict.PASS, verbatim("it is there"), "SELECT 1", seconds=0.25) for c in expected(SPEC))
ENV = "export GOOGLE_CLOUD_PROJECT=acme\nexport KBQ_TUI_SANDBOX=http://127.0.0.1:1\nexport CLOUDSDK_CONFIG='/tmp/a b'\n"


PLANNED = SavedPlan.of(
    Plan("prod", ()), SPEC, None, remove_over_grants=False, at="2026-01-31T09:00:00Z", tool="kbq-tui 1"
)


def write_told(path: Path) -> None:
    """Save what a command was given, in this file."""
    teller = OnChange("true", Paths(path.parent, path.parent, path.parent), FakeClock())
    teller._path = path
    teller.remember({"shop": {"unhealthy": "yes"}})


def write_log(path: Path) -> None:
    """Write one line to a log, and close it."""
    log.check_log(path)
    log.start_log(path)
    logging.getLogger("kbq_tui.test").info("hello")
    log.stop_log()


def sign(path: Path) -> None:
    """Take a lock, and leave its file as a process that dies meanwhile would."""
    taken = ConnectionLock(path, FakeClock())
    taken.acquire()
    os.close(taken._fd)


def write_env(path: Path) -> None:
    """Write an env file as the sandbox does."""
    if reason := _not_ours(path):
        raise FileExistsError(reason)
    write_private(path, ENV)


def verification() -> dict[str, object]:
    """Return the last verification as saved."""
    at, checks = "2026-01-31T09:00:00+00:00", [r.to_json() for r in RESULTS]
    return {"schema": "kbq-tui/verify/v1", "connection": "prod", "at": at, "ok": True, "checks": checks}


WRITERS: dict[str, Callable[[Path], object]] = {
    "report": lambda path: write_report(str(path), report(RESULTS, ABOUT, "md")),
    "log": write_log,
    "env file": write_env,
    "wizard": lambda path: ConnectionState(path.parent).save_wizard(SetupPosition("keys", {"project": "acme-prod"})),
    "verification": lambda path: ConnectionState(path.parent).save_verification(verification()),
    "look": lambda path: write_preferences(path, SavedPreferences(theme="dark")),
    "journal": lambda path: FileJournal(path, FakeClock()).intend("key", "account@example.com"),
    "connection": lambda path: write_connection(Connection(SPEC), path),
    "lock": sign,
    "metrics": lambda path: MetricsFile(str(path)).write(b"# HELP kbq_tui_x y\n"),
    "told": write_told,
    "plan": lambda path: PlanFiles().write(str(path), PLANNED),
    "copy note": lambda path: records.note_copy(path, Facts("a" * 40, EMAIL, "acme-prod")),
    "source looks": lambda path: ConnectionState(path.parent).save_source_looks(SourceLooks("acme-prod.IMPORT")),
    "bad rows": lambda path: write_bad_rows(str(path), [("t", "a@b.com", "email-space")]),
    "values": lambda path: write_values(str(path), "Project ID  acme-prod\n"),
    "handed note": lambda path: records.note_handed_over(path, Facts("a" * 40, EMAIL, "acme-prod")),
}
"""Every file that is written, by the function of the product that writes it."""

NAMES = {"wizard": "wizard.json", "verification": "verify.json", "source looks": "source.json"}
"""Names that a writer requires; for the others any name is possible."""

KINDS: dict[str, FileKind] = {
    "report": REPORT,
    "log": log.LOG,
    "wizard": ui_state.WIZARD,
    "verification": ui_state.VERIFICATION,
    "look": ui_state.PREFERENCES,
    "journal": journal.JOURNAL,
    "connection": CONNECTION,
    "lock": lock.LOCK,
    "metrics": metrics_file.METRICS,
    "told": on_change.TOLD,
    "plan": plan_file.PLAN,
    "copy note": records.COPY_NOTE,
    "handed note": records.HANDED_NOTE,
    "source looks": ui_state.SOURCE_LOOKS,
    "bad rows": BAD_ROWS,
    "values": VALUES,
}

FOREIGN: dict[str, bytes] = {
    "key": key_json(),
    "operator's credentials": json.dumps(
        {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    ).encode(),
    "notes": b"# Notes\n\n**Important**: call Klaviyo\n",
    "one word": b"x",
    "blank lines": b"\n\n",
    "other JSON": b'{"keys": 1, "screen": "main", "email": "a@b", "checks": true}',
    "JSON lines": b'{"at": "now", "message": "hello"}\n{"at": "later"}\n',
    "a list": b"[1, 2]",
    "other TOML": b'project = "acme-prod"\n[tool.poetry]\nname = "x"\n',
    "syslog": b"Jan 31 09:00:00 host program[12]: hello\n",
    "another log": b"2026-01-31 09:00:00,123 INFO program: hello\n",
    "a shell's settings": b"export PATH=/bin\n" + ENV.encode(),
    "a page": b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>x</title>\n',
    "binary": bytes(range(256)) * 40,
    "zeros": bytes(100_000),
    "torn JSON": b'{"screen": "key',
    "deep JSON": b"[" * 100_000,
}


@dataclass(frozen=True)
class Kept:
    """What must not change in a file that is refused."""

    content: bytes
    mode: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> "Kept":
        info = path.stat()
        return cls(path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_ino)


def written_by(name: str, folder: Path) -> bytes:
    """Return the content of a kind of file, as the product writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAMES.get(name, "made")
    WRITERS[name](path)
    return path.read_bytes()


def written(name: str, path: Path) -> bool:
    """Write a kind of file; returns whether it was accepted. A refusal must name the file."""
    problem = None
    before = logging.getLogger().handlers[:]
    try:
        WRITERS[name](path)
    except ProblemError as error:
        problem = error.problem
    except (NotOursError, FileExistsError):
        return False
    finally:
        for handler in [h for h in logging.getLogger().handlers if h not in before]:
            logging.getLogger().removeHandler(handler)
    if problem is None:
        return path.is_file() and path.stat().st_size > 0 and (name != "log" or log_taken(path))
    # An invalid connection file is named with the line and the key instead.
    assert problem.code == "KBQ-FILE-NOT-OURS" or (name, problem.code) == ("connection", "KBQ-CONFIG-INVALID")
    assert problem.exit_code == 2
    assert str(path) in str(problem.cause) or str(path.resolve()) in str(problem.cause)
    return False


def log_taken(path: Path) -> bool:
    """Return whether a log's last line is the one that was written."""
    return path.read_bytes().endswith(b"kbq_tui.test: hello\n")


@pytest.fixture(autouse=True)
def _nothing_hangs() -> Iterator[None]:
    signal.alarm(60)  # a test that waits for a pipe would block the whole run
    yield
    signal.alarm(0)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("there", [*WRITERS, *FOREIGN])
def test_an_existing_file_is_taken_only_where_it_is_of_the_same_kind(name: str, there: str, tmp_path: Path) -> None:
    content = FOREIGN[there] if there in FOREIGN else written_by(there, tmp_path / "other")
    path = tmp_path / "here" / NAMES.get(name, "file.md")
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o644)
    before = Kept.of(path)
    assert written(name, path) == (name == there)
    if name == there:
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    else:
        assert Kept.of(path) == before
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("content", [b"", bytes(60)])
def test_an_empty_file_is_taken_and_keeps_its_mode(name: str, content: bytes, tmp_path: Path) -> None:
    if name == "env file" and content:
        pytest.skip("the sandbox keeps nothing across a loss of power")
    path = tmp_path / NAMES.get(name, "file.md")
    path.write_bytes(content)
    path.chmod(0o640)
    assert written(name, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert written(name, path)


@pytest.mark.parametrize("name", WRITERS)
def test_a_new_file_is_private_whatever_the_umask(name: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert written(name, tmp_path / NAMES.get(name, "file.md"))
    finally:
        os.umask(before)
    mode = 0o644 if name == "metrics" else 0o600  # which another user has to read
    assert stat.S_IMODE((tmp_path / NAMES.get(name, "file.md")).stat().st_mode) == mode


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "null device", "socket"])
def test_what_is_no_file_is_refused_at_once(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / NAMES.get(name, "file.md")
    if kind == "pipe":
        os.mkfifo(path, 0o644)
    elif kind == "folder":
        path.mkdir(0o755)
    elif kind == "socket":
        import socket

        with socket.socket(socket.AF_UNIX) as listener:
            os.chdir(tmp_path)
            listener.bind(path.name)
    else:
        path.symlink_to(os.devnull)
    before = path.lstat()
    if name == "log" and kind == "null device":
        assert log.start_log(path) == (path, EMPTY)
        logging.getLogger("kbq_tui.test").info("hello")
        log.stop_log()
    else:
        assert not written(name, path)
    assert (path.lstat().st_mode, path.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("target", ["its own kind", "the key", "not there"])
def test_links_are_followed_for_reports_and_connections_only(name: str, target: str, tmp_path: Path) -> None:
    real = tmp_path / "real"
    if target != "not there":
        real.write_bytes(written_by(name, tmp_path / "other") if target == "its own kind" else key_json())
        real.chmod(0o644)
    before = Kept.of(real) if real.exists() else None
    path = tmp_path / NAMES.get(name, "file.md")
    path.symlink_to(real)
    followed = name in ("report", "connection") and target != "the key"
    taken = written(name, path)
    assert path.is_symlink()
    if followed:
        assert taken
    else:
        assert not taken or target == "its own kind"  # nothing has changed, so nothing is written
        assert (Kept.of(real) if real.exists() else None) == before
    if followed and before is not None:
        assert stat.S_IMODE(real.stat().st_mode) == 0o644


@pytest.mark.parametrize("name", [n for n in WRITERS if n != "lock"])
def test_the_place_that_is_reserved_for_a_key_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / NAMES.get(name, "file.md")
    with path.open("wb") as reservation:
        fcntl.flock(reservation, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert not written(name, path)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("name", [n for n in WRITERS if n in KINDS])
def test_only_the_same_kind_is_deleted(name: str, tmp_path: Path) -> None:
    for there in (*WRITERS, *FOREIGN):
        path = tmp_path / "file"
        path.write_bytes(FOREIGN[there] if there in FOREIGN else written_by(there, tmp_path / "other" / there))
        if name == there:
            assert files.remove_ours(path, KINDS[name])
        else:
            with pytest.raises(NotOursError):
                files.remove_ours(path, KINDS[name])
            path.unlink()
    assert not files.remove_ours(tmp_path / "file", KINDS[name])


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_no_random_content_is_taken_for_ours(content: bytes) -> None:
    for name, kind in KINDS.items():
        begins = {"journal": b'{"event": "', "metrics": b"# HELP kbq_tui_"}.get(name, b"")
        if not begins or not begins.startswith(content.lstrip(b"\0\r\n ")[: len(begins)]):
            assert not kind.is_ours(content), name


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_a_report_is_recognised_in_every_form_and_language(lang: str, kind: str, tmp_path: Path) -> None:
    language.speak(lang)
    try:
        text = report(RESULTS, ABOUT, kind)
    finally:
        language.speak("en")
    path = tmp_path / "r.md"
    path.write_text(text)
    check_report(str(path))
    path.write_text("Mine.\n" + text)
    with pytest.raises(ProblemError):
        check_report(str(path))


def test_a_journal_of_which_a_loss_of_power_left_a_piece_is_still_one() -> None:
    line = b'{"event": "intended", "action": "key", "resource": "r", "at": "2026-01-31T09:00:00+00:00"}\n'
    finished = json.dumps(Event(EventKind.FINISHED, "key", ABOUT.at).to_json()).encode()
    for content in (*(line[:n] for n in range(1, len(line))), bytes(20) + b"\n" + line, finished):
        assert journal.is_journal(content), content


def test_a_file_that_is_replaced_while_it_is_written_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ui.json"
    write_preferences(path, SavedPreferences())
    real = os.fsync

    def meanwhile(fd: int) -> None:
        path.write_bytes(b"notes")
        real(fd)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(ProblemError):
        write_preferences(path, SavedPreferences(theme="dark"))
    assert path.read_bytes() == b"notes"
    assert [p.name for p in tmp_path.iterdir()] == ["ui.json"]


def test_the_log_moves_only_its_own_older_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_SIZE", 500)
    mine = {"log.1": b"my notes\n", "log.3": key_json()}
    for name, content in mine.items():
        (tmp_path / name).write_bytes(content)
    log.start_log(tmp_path / "log")
    try:
        for number in range(30):
            logging.getLogger("kbq_tui.test").info("line %d %s", number, "x" * 100)
    finally:
        log.stop_log()
    assert {name: (tmp_path / name).read_bytes() for name in mine} == mine
    assert "line 29" in (tmp_path / "log").read_text()
    assert "kbq_tui.test" in (tmp_path / "log.2").read_text()


def test_the_log_begins_anew_where_no_name_is_free_for_its_older_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_SIZE", 500)
    for number in (1, 2, 3):
        (tmp_path / f"log.{number}").write_bytes(b"mine")
    log.start_log(tmp_path / "log")
    try:
        for number in range(30):
            logging.getLogger("kbq_tui.test").info("line %d %s", number, "x" * 100)
    finally:
        log.stop_log()
    assert (tmp_path / "log").stat().st_size <= 1_000
    assert {(tmp_path / f"log.{n}").read_bytes() for n in (1, 2, 3)} == {b"mine"}


def test_a_saved_text_takes_a_free_name(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "verify.md"
    assert files.write_new(path, b"one") == path
    assert files.write_new(path, b"two") == path.with_name("verify-2.md")
    assert (path.read_bytes(), path.with_name("verify-2.md").read_bytes()) == (b"one", b"two")


def test_a_connection_is_deleted_by_its_link_or_not_at_all_where_it_is_none(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "connections")
    real = tmp_path / "dotfiles.toml"
    real.write_text('project = "acme-prod"\n')
    (tmp_path / "connections").mkdir()
    connections.path("prod").symlink_to(real)
    assert connections.delete("prod")
    assert real.exists()
    connections.path("prod").write_bytes(key_json())
    with pytest.raises(ProblemError):
        connections.delete("prod")
    assert connections.path("prod").read_bytes().startswith(b"{")
