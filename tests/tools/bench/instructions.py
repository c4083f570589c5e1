"""Instructions until the first complete frame, counted by cachegrind: the same on a busy machine (within 0.1 %)."""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.polling import PATIENCE
from tests.support.pty import Terminal
from tests.tools.bench.row import BenchRow

BARE = "READY"
ENGLISH = "Project,F1"
GERMAN = "Projekt,F1"


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a start does not depend on this machine."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "PYTHONHASHSEED": "0",
        "KBQ_TUI_KEYRING": "off",
        "NO_GCE_CHECK": "true",
        **more,
    }


def count(marks: str, program: Sequence[str], more: Mapping[str, str] | None = None) -> int:
    """Return how many instructions `program` runs until its first frame shows all `marks`."""
    with tempfile.TemporaryDirectory() as folder:
        start = [sys.executable, "-m", "tests.tools.bench.until_frame", marks, *program]
        log = Path(folder) / "cachegrind.log"
        valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", f"--log-file={log}"]
        valgrind += [f"--cachegrind-out-file={os.environ.get('KBQ_CACHEGRIND_OUT', '/dev/null')}"]
        for command in (start, [*valgrind, *start]):  # the first writes Python's compiled files
            home = Path(tempfile.mkdtemp(dir=folder))  # what a run leaves, such as its lock, must not affect the next
            with Terminal(command, environment(home, more or {}), 80, 24) as terminal:
                if status := terminal.wait(10 * PATIENCE):
                    raise SystemExit(f"exit {status}: {terminal.left()}")
        found = re.search(r"I\s+refs:\s+([\d,]+)", log.read_text())
    if found is None:
        raise SystemExit(f"cachegrind said nothing about {program}")
    return int(found[1].replace(",", ""))


def _row(
    name: str, target: float, marks: str, program: Sequence[str], more: Mapping[str, str] | None = None
) -> BenchRow:
    if shutil.which("valgrind") is None:
        return BenchRow(name, None, target, detail="valgrind is not installed here")
    ours, bare = count(marks, program, more), count(BARE, ["bare"])
    detail = f"{ours / 1e6:,.0f} million instructions against {bare / 1e6:,.0f}"
    return BenchRow(name, ours / bare, target, detail=detail)


def alone(runs: int) -> BenchRow:
    """`kbq-tui` against a bare Textual app. Counted once: nothing here depends on the clock."""
    return _row("instructions until the first frame / bare Textual app", 1.15, ENGLISH, ["kbq-tui"])


def setup(runs: int) -> BenchRow:
    """`kbq-tui setup` against a bare Textual app."""
    return _row("the same for kbq-tui setup", 1.17, ENGLISH, ["kbq-tui", "setup"])


def german(runs: int) -> BenchRow:
    """`kbq-tui` in German against a bare Textual app."""
    return _row("the same in German", 1.17, GERMAN, ["kbq-tui"], {"KBQ_TUI_LANG": "de"})


def facts(marks: str, program: Sequence[str], folder: Path, columns: int = 80) -> dict[str, Any]:
    """Return what is loaded, mounted, styled and compiled when the first frame is passed to the driver.

    Also the number of paintings until nothing changes any more, including the first.

    Args:
        marks: what the frame shows, separated by commas.
        program: `kbq-tui` with its arguments, or `bare`.
        folder: an empty one, for the program's home.
        columns: the terminal's.
    """
    path = folder / "facts.json"
    env = environment(folder, {"KBQ_TEST_FRAME_FACTS": str(path)})
    command = [sys.executable, "-m", "tests.tools.bench.until_frame", marks, *program]
    with Terminal(command, env, columns, 24) as terminal:
        assert terminal.wait() == 0, terminal.text()
    return dict(json.loads(path.read_text()))
