"""Work in threads that the end of the program does not wait for."""

import threading

import pytest

from kbq_tui.cli import process
from kbq_tui.engine.daemon_threads import need_threads, start_daemon
from kbq_tui.model.problem import ProblemError


def test_work_is_done_on_a_thread_that_is_not_waited_for() -> None:
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


def test_threads_that_are_needed_are_tried_out_and_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    need_threads()
    assert not [thread for thread in threading.enumerate() if thread.name == "probe"]
    started: list[threading.Thread] = []
    real = threading.Thread.start

    def some(self: threading.Thread) -> None:
        if len(started) == 3:
            refuse(self)
        started.append(self)
        real(self)

    monkeypatch.setattr(threading.Thread, "start", some)
    with pytest.raises(ProblemError) as error:
        need_threads()
    assert error.value.problem.code == "KBQ-NO-THREADS"
    assert not any(thread.is_alive() for thread in started)


def test_a_library_that_can_start_no_thread_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert process.status_of(lambda: threading.Thread().start()) == 1
    told = capsys.readouterr().err
    assert "No thread can be started" in told
    assert "ulimit -u" in told
    assert "unexpected" not in told
