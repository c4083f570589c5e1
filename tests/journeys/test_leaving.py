"""Leaving the dashboard, by every way there is, leaves every file as it was; the next start is the dashboard again."""

import os
import re
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
    """A sandbox, and a home in which the set-up is finished and Klaviyo said to be connected."""
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
