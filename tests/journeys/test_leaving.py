"""Leaving in every possible way: the dashboard changes no file, and the set-up of a new connection, before its first
change, leaves no file at all."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.files import differences, snapshot
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

pytestmark = pytest.mark.journey
PROGRAM = [sys.executable, "-m", "kbq_tui"]


@pytest.fixture(scope="module")
def finished() -> Iterator[Served]:
    """A sandbox, and a home in which the set-up is finished and Klaviyo reported as connected."""
    with served("fresh") as sandbox:
        assert sandbox.run("apply", "--yes").returncode == 0
        assert sandbox.run("verify").returncode == 0
        file = sandbox.home / "config/kbq-tui/connections/default.toml"
        file.write_text(file.read_text() + "connected_at = 2026-01-31T09:00:00Z\n")
        yield sandbox


def twice(terminal: Terminal) -> None:
    terminal.send("\x03")
    terminal.until_text("once more quits")
    terminal.send("\x03")


WAYS: dict[str, tuple[Callable[[Terminal], None], int]] = {
    "F10": (lambda terminal: terminal.send("\x1b[21~"), 0),
    "ctrl+c twice": (twice, 0),
    "SIGTERM": (lambda terminal: os.kill(terminal.pid, signal.SIGTERM), 143),
    "SIGHUP": (lambda terminal: os.kill(terminal.pid, signal.SIGHUP), 129),
    "closed pane": (lambda terminal: terminal.hang_up(), 129),
}


def files(home: Path) -> dict[str, tuple[int, bytes]]:
    return snapshot(home / "config", home / "state", home / "data")


@pytest.mark.parametrize("way", WAYS)
def test_leaving_the_dashboard_changes_no_file(finished: Served, way: str) -> None:
    leave, status = WAYS[way]
    before = files(finished.home)
    assert any(b"connected_at" in content for _, content in before.values())
    with Terminal(PROGRAM, finished.environ()) as terminal:
        terminal.until_text("Dashboard", "Klaviyo connected", "Looked at")
        leave(terminal)
        assert terminal.wait() == status
    assert differences(before, files(finished.home)) == []
    with Terminal(PROGRAM, finished.environ()) as terminal:
        terminal.until_text("Dashboard", "Klaviyo connected")
        assert not re.search(r"Step \d of 6", terminal.text())
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
    assert differences(before, files(finished.home)) == []


def test_an_unfinished_set_up_that_opens_on_its_checks_changes_no_file(finished: Served, tmp_path: Path) -> None:
    for kind in ("config", "state", "data"):
        shutil.copytree(finished.home / kind, tmp_path / kind)
    left = {"screen": "verify", "inputs": {}}
    (tmp_path / "state/kbq-tui/connections/default/wizard.json").write_text(json.dumps(left))
    before = files(tmp_path)
    with Terminal(PROGRAM, finished.environ(tmp_path)) as terminal:
        terminal.until_text("Step 5 of 6", "Verified:", "runs the checks again")
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
    assert differences(before, files(tmp_path)) == []


@pytest.fixture(scope="module")
def untouched() -> Iterator[Served]:
    """A sandbox in which there is nothing yet, and a home without a connection."""
    with served("fresh") as sandbox:
        yield sandbox


def question(terminal: Terminal) -> None:
    terminal.send("\x1b[21~")
    terminal.until_text("nothing of what was typed is kept")
    terminal.send("\r")


@pytest.mark.parametrize("way", WAYS)
def test_a_new_connection_left_at_its_fourth_question_leaves_no_file(
    untouched: Served, tmp_path: Path, way: str
) -> None:
    leave, status = (question, 0) if way == "F10" else WAYS[way]
    with Terminal([*PROGRAM, "setup", "ghost"], untouched.environ(tmp_path)) as terminal:
        terminal.until_text("[ Begin ]")
        terminal.send("\r")
        terminal.until_text("Step 1 of 6", "nothing in the way", "[ Continue ]")
        terminal.send("\x1b[Z" * 3)  # from the button to the location
        terminal.send("EU\r")
        terminal.until_text("EU, as chosen", "[ Continue ]")
        terminal.send("\r")
        terminal.until_text("Create 2 datasets")
        leave(terminal)
        assert terminal.wait() == status
    left = files(tmp_path)
    assert {Path(path).name for path in left} <= {"ui.json"}, "the welcome was seen"
    assert not [path for path, (_, content) in left.items() if b"ghost" in path.encode() + content]
    assert not [path for path, (_, content) in left.items() if untouched.project.encode() in content]
