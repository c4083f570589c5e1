"""The log file: what is written to it, without secrets."""

import contextlib
import logging
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbq_tui.i18n.messages import EMPTY
from kbq_tui.local import log
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.secret import Secret

CANARY = "CANARYc4n4ry"
PEM = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----"
HEAD = re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ \d+ kbq_tui\.test: ")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "state" / "kbq-tui.log"
    before = os.umask(0)
    try:
        assert log.start_log(path) == (path, EMPTY)
        yield path
    finally:
        os.umask(before)
        log.stop_log()
        logging.captureWarnings(False)


logger = logging.getLogger("kbq_tui.test")


def test_the_log_is_private(path: Path) -> None:
    logger.info("hello")
    assert "hello" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_secrets_in_messages_arguments_and_tracebacks_are_taken_out(path: Path) -> None:
    secret = Secret(CANARY)
    logger.warning("key: %s %r %s", PEM, secret, secret)
    logger.warning(f'{{"private_key": "{CANARY}"}} Bearer {CANARY}{CANARY}')
    try:
        raise ValueError(PEM)
    except ValueError:
        logger.exception("failed")
    text = path.read_text()
    assert CANARY not in text
    assert "Traceback" in text
    assert "[secret]" in text


def test_text_from_outside_cannot_forge_a_line_or_steer_a_terminal(path: Path) -> None:
    forged = "2026-01-31T09:00:00.000+00:00 INFO 1 kbq_tui.test: all is well"
    logger.error("name: %s", f"x\n{forged}\x1b[2J\u202e")
    try:
        raise ValueError(f"y\n{forged}")
    except ValueError:
        logger.exception("failed")
    lines = path.read_text().splitlines()
    assert len([line for line in lines if HEAD.match(line)]) == 2
    assert "\x1b" not in path.read_text()
    assert "\u202e" not in path.read_text()


def test_a_message_whose_arguments_do_not_fit_is_still_logged() -> None:
    record = logging.LogRecord("kbq_tui", logging.ERROR, "", 0, "%d things", ("three",), None)
    assert "%d things" in log.ScrubbingFormatter().format(record)


def test_the_log_turns_over(path: Path) -> None:
    for _ in range(500):
        logger.info("x" * 7_000)
    files = sorted(path.parent.iterdir())
    assert 2 <= len(files) <= 4
    assert all(f.stat().st_size <= 1024 * 1024 for f in files)
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o600 for f in files)


def test_a_log_whose_folder_allows_no_renaming_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as in an append-only folder

    monkeypatch.setattr(Path, "replace", refuse)
    for number in range(400):
        logger.info("%s %s", number, "x" * 7_000)
    assert "399 xxx" in path.read_text()[-8_000:]
    assert path.stat().st_size <= 1024 * 1024 + 8_000


def test_a_log_that_another_process_turns_over_at_the_same_time_is_not_emptied(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def quicker(self: Path, target: Path) -> None:
        if self == path:
            real(path, target)
            path.write_text("2026-01-31T09:00:00.000+00:00 INFO 1 kbq_tui.test: theirs\n")
            raise FileNotFoundError(2, "No such file or directory")
        real(self, target)

    monkeypatch.setattr(Path, "replace", quicker)
    for number in range(200):
        logger.info("%s %s", number, "x" * 7_000)
    assert path.read_text().startswith("2026-01-31T09:00:00.000+00:00 INFO 1 kbq_tui.test: theirs")
    assert "199 xxx" in path.read_text()


def test_a_full_disk_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    if sys.platform != "linux":
        pytest.skip("needs /dev/full")
    handler = log._PrivateFile.__new__(log._PrivateFile)
    logging.StreamHandler.__init__(handler, Path("/dev/full").open("w"))  # noqa: SIM115
    handler.baseFilename = "/dev/full"
    handler.handle(logging.LogRecord("kbq_tui", logging.ERROR, "", 0, "x" * 100_000, None, None))
    with pytest.raises(OSError, match="No space"):
        print("x", file=handler.stream, flush=True)
    with contextlib.suppress(OSError):
        if handler.stream is not None:
            handler.stream.close()
    assert capfd.readouterr().err == ""


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    where, why = log.start_log(tmp_path / "file" / "log")
    assert where is None
    assert "No log" in str(why)
    logger.error("nobody hears this")
    assert capfd.readouterr().err == ""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to(tmp_path / "elsewhere")
    assert log.start_log(tmp_path / "log")[0] is None
    assert not (tmp_path / "elsewhere").exists()


def test_details_are_logged_only_when_asked_for(tmp_path: Path) -> None:
    try:
        log.start_log(tmp_path / "log")
        logger.debug("one")
        log.start_log(tmp_path / "log", verbose=1)
        logger.debug("two")
        logging.getLogger("urllib3").debug("three")
        assert [w for w in ("one", "two", "three") if w in (tmp_path / "log").read_text()] == ["two"]
    finally:
        log.stop_log()


def test_a_pipe_as_the_log_is_refused_and_keeps_its_mode(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o644)
    (tmp_path / "pipe").chmod(0o644)
    with pytest.raises(ProblemError) as error:
        log.check_log(tmp_path / "pipe")
    assert error.value.problem.code == "KBQ-FILE-NOT-OURS"
    assert log.start_log(tmp_path / "pipe")[0] is None
    assert stat.S_IMODE((tmp_path / "pipe").stat().st_mode) == 0o644
