"""While the app draws, libraries and the programs they start cannot write to its terminal."""

import os
import sys
from pathlib import Path

import pytest

from kbq_tui.tui.sole_writer import sole_writer
from tests.support.pty import Terminal

PROGRAM = """
import os, subprocess, sys
from kbq_tui.tui.sole_writer import sole_writer
with sole_writer():
    os.write(2, b"a library")
    subprocess.run(["sh", "-c", "echo a program >&2"], check=True)
    print("the app", file=sys.__stderr__, flush=True)
    print("its last words", file=sys.stderr, flush=True)
    subprocess.run(["sh", "-c", "echo the login >&2"], stderr=sys.__stderr__, check=True)
os.write(2, b"afterwards")
"""


def test_only_the_app_and_what_it_lets_write_is_seen() -> None:
    with Terminal([sys.executable, "-c", PROGRAM], os.environ) as terminal:
        assert terminal.wait() == 0
        shown = terminal.text()
    assert [line for line in shown.split("\n") if line.strip()] == [
        "the app",
        "its last words",
        "the login",
        "afterwards",
    ]


def test_without_a_terminal_nothing_is_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as stream:
        monkeypatch.setattr(sys, "__stderr__", stream)
        with sole_writer():
            assert sys.__stderr__ is stream


def test_a_terminal_that_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that is still to be written is lost then; descriptor 2 and the streams are restored nevertheless."""
    ours, terminal = os.openpty()
    before = os.dup(2)
    try:
        os.dup2(terminal, 2)
        stream = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        monkeypatch.setattr(sys, "__stderr__", stream)
        with sole_writer():
            assert sys.__stderr__ is not stream
            print("never read", end="", file=sys.__stderr__)
            os.close(ours)
        assert sys.__stderr__ is stream
        assert os.fstat(2).st_rdev == os.fstat(terminal).st_rdev
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(terminal)
