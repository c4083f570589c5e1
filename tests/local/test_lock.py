"""The lock that one process holds at a time."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from kbq_tui.local.lock import ConnectionLock
from kbq_tui.model.problem import ProblemError

from .conftest import FakeClock

HOLD = """
    import os, sys
    from pathlib import Path
    from kbq_tui.local.clock import SystemClock
    from kbq_tui.local.lock import ConnectionLock
    ConnectionLock(Path(sys.argv[1]), SystemClock()).acquire()
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "prod" / "lock"


def hold(path: Path) -> subprocess.Popen[str]:
    run = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert int(run.stdout.readline()) == run.pid
    return run


def test_a_second_process_is_told_who_holds_it_and_takes_over_after_a_kill(path: Path, clock: FakeClock) -> None:
    run = hold(path)
    try:
        with pytest.raises(ProblemError) as error:
            ConnectionLock(path, clock).acquire()
        problem = error.value.problem
        assert problem.code == "KBQ-LOCK-HELD"
        assert f"process {run.pid} on " in str(problem.cause)
        assert problem.detail("connection") == "prod"
    finally:
        run.kill()
        run.communicate()
    with ConnectionLock(path, clock) as lock:
        assert f"process {os.getpid()} on " in str(lock.holder())
        assert "2026-01-31 09:00 UTC" in str(lock.holder())


def test_one_can_wait_for_the_other(path: Path, clock: FakeClock) -> None:
    first = ConnectionLock(path, clock)
    first.acquire()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock.seconds += seconds
        if len(waited) == 3:
            first.release()

    with ConnectionLock(path, clock, wait=60, sleep=sleep):
        assert len(waited) == 3


def test_waiting_ends(path: Path, clock: FakeClock) -> None:
    def sleep(seconds: float) -> None:
        clock.seconds += seconds

    with ConnectionLock(path, clock), pytest.raises(ProblemError):
        ConnectionLock(path, clock, wait=5, sleep=sleep).acquire()
    assert 5 <= clock.seconds < 6


def test_it_is_released_after_an_error_and_releasing_twice_is_harmless(path: Path, clock: FakeClock) -> None:
    with pytest.raises(RuntimeError), ConnectionLock(path, clock):
        raise RuntimeError
    lock = ConnectionLock(path, clock)
    lock.acquire()
    lock.release()
    lock.release()
    with lock:
        pass


def test_a_signature_that_cannot_be_read_is_another_process(path: Path, clock: FakeClock) -> None:
    path.parent.mkdir()
    for content in (
        b"",
        b"garbage",
        b"[" * 4_000,
        b'{"pid": 1e999, "host": "h", "since": ""}',
        b'{"pid": "x"}',
        b'{"pid": 1, "host": "\\u001b[2J", "since": ""}',
    ):
        path.write_bytes(content)
        assert "\x1b" not in str(ConnectionLock(path, clock).holder())
    path.write_bytes(b"")
    assert str(ConnectionLock(path, clock).holder()) == "another process"


def test_a_link_in_place_of_the_lock_is_refused(path: Path, clock: FakeClock, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProblemError):
        ConnectionLock(path, clock).acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_letting_go_leaves_nothing_behind_but_what_was_there(path: Path, clock: FakeClock) -> None:
    with ConnectionLock(path, clock):
        assert path.exists()
    assert not path.parent.exists()
    path.parent.mkdir()
    with ConnectionLock(path, clock):
        pass
    assert list(path.parent.parent.iterdir()) == [path.parent], "a folder that was there stays"
    with ConnectionLock(path, clock):
        (path.parent / "journal.jsonl").touch()
    assert [p.name for p in path.parent.iterdir()] == ["journal.jsonl"]


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_none(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kbq_tui.local import lock as module

    first = ConnectionLock(path, clock)
    first.acquire()
    locked = module._locked
    taken: list[bool] = []

    def slow(fd: int) -> bool:
        """The previous holder releases it after this process has opened its file."""
        if not taken:
            first.release()
        taken.append(locked(fd))
        return taken[-1]

    monkeypatch.setattr(module, "_locked", slow)
    second = ConnectionLock(path, clock)
    second.acquire()
    assert taken == [True, True], "the file that was removed was locked, and was not enough"
    with pytest.raises(ProblemError):
        ConnectionLock(path, clock).acquire()
    second.release()


def test_a_folder_that_cannot_be_made_is_reported_and_not_tried_for_ever(path: Path) -> None:
    """A link to a disk that is not mounted answers as a folder that another process has just removed."""
    path.parent.symlink_to(path.parent.with_name("not-mounted"))
    tried = """
        import sys
        from pathlib import Path
        from kbq_tui.local.clock import SystemClock
        from kbq_tui.local.lock import ConnectionLock
        from kbq_tui.model.problem import ProblemError
        try:
            ConnectionLock(Path(sys.argv[1]), SystemClock()).acquire()
        except ProblemError as error:
            print(error.problem.code)
    """
    inside = path.parent / "state" / "lock"
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(tried), str(inside)], capture_output=True, text=True, timeout=20
    )
    assert run.stdout.strip() == "KBQ-STATE-UNWRITABLE"
