"""The time until something is shown."""

import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.pty import Terminal
from tests.support.sandbox import served
from tests.tools.bench.row import BenchRow

BARE = textwrap.dedent(
    """
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Bare(App):
        def compose(self) -> ComposeResult:
            yield Static("READY")

    Bare().run()
    """
)


def _frame(command: Sequence[str], env: Mapping[str, str], marks: Sequence[str]) -> float:
    """Seconds from exec until the screen shows every mark."""
    began = time.perf_counter()
    with Terminal(command, env, 80, 24) as terminal:
        terminal.until(lambda: all(m in terminal.text() for m in marks), 20, pause=0.0)
        return time.perf_counter() - began


def first_frame(runs: int) -> BenchRow:
    return _against_bare(runs, "exec to first complete frame / bare Textual app", {}, ["Project", "F1"])


def first_frame_german(runs: int) -> BenchRow:
    name = "the same in German / bare Textual app"
    return _against_bare(runs, name, {"KBQ_TUI_LANG": "de"}, ["Projekt", "F1"])


def _against_bare(runs: int, name: str, more: Mapping[str, str], marks: Sequence[str]) -> BenchRow:
    with served("fresh", more=more) as sandbox, tempfile.TemporaryDirectory() as folder:
        env = sandbox.environ()
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        ours: list[float] = []
        theirs: list[float] = []
        for i in range(runs + 1):
            theirs.append(_frame([sys.executable, str(bare)], env, ["READY"]))
            home = Path(folder) / str(i)
            home.mkdir()
            command = [str(Path(sys.executable).with_name("kbq-tui"))]
            ours.append(_frame(command, sandbox.environ(home), marks))
        mine, bare_ = statistics.median(ours[1:]), statistics.median(theirs[1:])
    return BenchRow(
        name,
        mine / bare_,
        1.3,
        detail=f"{mine * 1000:.0f} ms against {bare_ * 1000:.0f} ms",
    )


def _wall(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return time.perf_counter() - began


def version(runs: int) -> BenchRow:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(2 * runs + 1):
        ours.append(_wall([sys.executable, "-m", "kbq_tui", "--version"]))
        theirs.append(_wall([sys.executable, "-c", "import click"]))
    mine, bare = statistics.median(ours[1:]), statistics.median(theirs[1:])
    return BenchRow(
        "kbq-tui --version / python -c 'import click'",
        mine / bare,
        1.6,
        detail=f"{mine * 1000:.0f} ms against {bare * 1000:.0f} ms",
    )
