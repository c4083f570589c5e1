"""The screens' log is started by its first record, and then is the usual log."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbq_tui.local import late_log
from kbq_tui.local.log import ROOT, start_log, stop_log


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    before = logging.getLogger().handlers[:]
    yield
    stop_log()
    logging.getLogger().handlers[:] = before
    logging.captureWarnings(False)


def test_nothing_is_made_before_something_is_logged_and_then_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log"
    late_log.begin_later(ROOT, logging.INFO, lambda: start_log(path))
    assert list(tmp_path.iterdir()) == []
    logging.getLogger("kbq_tui.tui").debug("too fine")
    assert list(tmp_path.iterdir()) == []
    logging.getLogger("kbq_tui.tui").info("the first")
    logging.getLogger("kbq_tui.tui").info("the second")
    assert [line.rpartition(": ")[2] for line in path.read_text().splitlines()] == ["the first", "the second"]


def test_records_of_many_threads_begin_one_log_and_each_is_in_it_once(tmp_path: Path) -> None:
    path, begun = tmp_path / "log", []

    def start() -> None:
        begun.append(start_log(path))

    late_log.begin_later(ROOT, logging.INFO, start)
    logging.getLogger().addHandler(logging.NullHandler())
    threads = [
        threading.Thread(target=logging.getLogger("kbq_tui.x").info, args=("record %d", number)) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
    assert sorted(int(line.rpartition(" ")[2]) for line in path.read_text().splitlines()) == list(range(20))


def test_a_log_can_be_begun_at_once_or_never(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    late_log.begin_later(ROOT, logging.INFO, lambda: start_log(one))
    late_log.begin_now()
    assert one.exists()
    late_log.begin_later(ROOT, logging.INFO, lambda: start_log(other))
    stop_log()
    logging.getLogger("kbq_tui.x").info("to nowhere")
    assert not other.exists()
