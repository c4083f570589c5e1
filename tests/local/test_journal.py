"""The journal of changes on disk: what is written, and what is read after a crash."""

import errno
import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kbq_tui.i18n.messages import verbatim
from kbq_tui.local import journal as module
from kbq_tui.local.journal import FileJournal
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.problem import ProblemError

from .conftest import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prod" / "journal.jsonl"


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> FileJournal:
    return FileJournal(path, clock)


def event(kind: EventKind, action: str, clock: FakeClock, text: str = "") -> Event:
    return Event(kind, action, clock.now(), verbatim(text))


def test_an_intent_without_outcome_is_pending(journal: FileJournal, clock: FakeClock, path: Path) -> None:
    assert journal.pending() == ()
    for action in ("account", "key", "dataset:X"):
        journal.intend(action, f"the {action}")
    journal.settle(event(EventKind.FINISHED, "account", clock))
    journal.settle(event(EventKind.WAITING, "key", clock))
    journal.settle(event(EventKind.FAILED, "dataset:X", clock))
    (left,) = FileJournal(path, clock).pending()
    assert (left.action, left.resource, left.at) == ("key", "the key", clock.now())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_intent_after_an_outcome_is_pending_again(journal: FileJournal, clock: FakeClock) -> None:
    journal.intend("key", "k")
    journal.settle(event(EventKind.FAILED, "key", clock))
    journal.intend("key", "k")
    assert [p.action for p in journal.pending()] == ["key"]


@pytest.mark.parametrize("cut", range(1, 90, 7))
def test_a_torn_last_line_loses_only_itself(cut: int, journal: FileJournal, clock: FakeClock, path: Path) -> None:
    journal.intend("account", "a")
    journal.intend("key", "k" * 60)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert [p.action for p in journal.pending()] in (["account"], ["account", "key"])
    journal.settle(event(EventKind.FINISHED, "account", clock))
    journal.intend("later", "l")
    assert "later" in [p.action for p in journal.pending()]
    assert "account" not in [p.action for p in journal.pending()]


@pytest.mark.parametrize("cut", range(1, 80, 7))
def test_a_line_cut_short_is_no_damage_even_when_others_follow(
    cut: int, journal: FileJournal, clock: FakeClock, path: Path
) -> None:
    journal.intend("account", "a")
    path.write_bytes(path.read_bytes()[:-cut] + b"\0" * 7)
    journal.changes()
    journal.intend("key", "k")
    journal.settle(event(EventKind.FINISHED, "key", clock))
    assert journal.changes()[-1].key.kind is ActionKind.KEY


def test_damaged_lines_in_the_middle_are_skipped(journal: FileJournal, path: Path) -> None:
    journal.intend("account", "a")
    with path.open("ab") as file:
        file.write(b'\xff\x00garbage\n{"event": 3}\n[]\n{"event": "intended", "action": "x", "at": "never"}\n')
    journal.intend("key", "k")
    assert [(p.action, p.at is None) for p in journal.pending()] == [("account", False), ("x", True), ("key", False)]


def test_a_full_disk_leaves_no_half_line_and_is_said(
    journal: FileJournal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.intend("account", "a")
    before = path.read_bytes()
    real = os.write
    calls: list[int] = []

    def full(fd: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:5])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(ProblemError) as error:
            journal.intend("key", "k")
    assert error.value.problem.code == "KBQ-DISK-FULL"
    assert path.read_bytes() == before


def test_every_line_is_synced_before_the_call_returns(
    journal: FileJournal, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    real = os.fsync

    def watch(fd: int) -> None:
        synced.append(path.read_bytes())
        real(fd)

    monkeypatch.setattr(os, "fsync", watch)
    journal.intend("key", "k")
    assert synced[0] == path.read_bytes()
    journal.settle(event(EventKind.FINISHED, "key", clock))
    assert synced[-1] == path.read_bytes()


def test_nothing_that_looks_like_a_secret_is_written(journal: FileJournal, clock: FakeClock, path: Path) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----"
    journal.intend("key", pem)
    journal.settle(event(EventKind.FAILED, "key", clock, f"token ya29.CANARY {pem}"))
    assert b"CANARY" not in path.read_bytes()


def test_a_settled_journal_stays_small_and_an_open_one_whole(
    journal: FileJournal, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 20_000)
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    for number in range(300):
        journal.intend(f"a{number}", "r")
        journal.settle(event(EventKind.FINISHED, f"a{number}", clock))
        assert path.stat().st_size < 21_000
    journal.intend("open", "r")
    for number in range(300):
        journal.intend(f"b{number}", "r")
        journal.settle(event(EventKind.FINISHED, f"b{number}", clock))
    assert path.stat().st_size > 20_000
    assert [p.action for p in journal.pending()] == ["open"]
    journal.settle(event(EventKind.FINISHED, "open", clock))
    assert path.stat().st_size < 20_000
    assert journal.pending() == ()


def test_how_each_change_was_last_made_outlives_the_cutting(
    journal: FileJournal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 50_000)
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    journal.intend("account", "me@acme-prod.iam.gserviceaccount.com")
    journal.settle(event(EventKind.FINISHED, "account", clock))
    journal.intend("dataset:D", "acme-prod:D")
    journal.settle(event(EventKind.FAILED, "dataset:D", clock))
    for _ in range(600):
        journal.intend("key", "me@acme-prod.iam.gserviceaccount.com")
        journal.settle(event(EventKind.FINISHED, "key", clock))
    assert len(journal.history()) < 700
    assert [change.key.id for change in journal.changes()] == ["account", "key"]
    assert journal.pending() == ()


def test_a_journal_of_long_lines_is_cut_between_lines_and_still_written(
    journal: FileJournal, clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SIZE", 1_000)
    for number in range(3):
        journal.intend(f"a{number}", "r" * 3_000)
        journal.settle(event(EventKind.FINISHED, f"a{number}", clock))
    lines = path.read_bytes().splitlines()
    assert len(lines) == len(journal.history())
    journal.intend("next", "r" * 3_000)
    assert [p.action for p in journal.pending()] == ["next"]


def test_a_journal_that_cannot_be_shortened_is_still_written(
    journal: FileJournal, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "MAX_SIZE", 10)
    monkeypatch.setattr(module, "write_atomic", full)
    journal.intend("key", "k")
    journal.settle(event(EventKind.FINISHED, "key", clock))
    assert journal.pending() == ()
    assert len(journal.history()) == 2


def test_a_killed_process_leaves_what_it_intended(path: Path, clock: FakeClock) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from kbq_tui.local.clock import SystemClock
        from kbq_tui.local.journal import FileJournal
        FileJournal(Path(sys.argv[1]), SystemClock()).intend("key", "account@example.com")
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = FileJournal(path, clock).pending()
    assert (left.action, left.resource) == ("key", "account@example.com")
    assert left.at is not None


def test_a_link_in_place_of_the_journal_is_refused(journal: FileJournal, path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProblemError) as error:
        journal.intend("key", "k")
    assert error.value.problem.code == "KBQ-FILE-NOT-OURS"
    assert not (tmp_path / "elsewhere").exists()
