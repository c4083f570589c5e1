import threading

import pytest

from kbq_tui import ending
from kbq_tui.core.threads import start_daemon


def test_work_is_done_on_a_thread_that_nobody_waits_for() -> None:
    done = threading.Event()
    seen: list[threading.Thread] = []

    def work() -> None:
        seen.append(threading.current_thread())
        done.set()

    start_daemon(work, "work")
    assert done.wait(60)
    assert (seen[0].daemon, seen[0].name) == (True, "work")


def refuse(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_work_is_done_at_once_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen: list[threading.Thread] = []
    start_daemon(lambda: seen.append(threading.current_thread()), "work")
    assert seen == [threading.current_thread()]


def test_a_library_that_can_start_no_thread_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert ending.status_of(lambda: threading.Thread().start()) == 1
    told = capsys.readouterr().err
    assert "No thread can be started" in told
    assert "ulimit -u" in told
    assert "unexpected" not in told
