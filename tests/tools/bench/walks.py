"""The cost of the guided set-up at the screen: bytes over the line, and the delay of a key press."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.journeys.walk import Walk
from tests.support.pty import Terminal
from tests.support.sandbox import served
from tests.tools.bench.row import BenchRow

LATENCY = 500
PROGRAM = (sys.executable, "-m", "kbq_tui")
UP, DOWN = "\x1b[A", "\x1b[B"


def wizard_bytes(runs: int) -> BenchRow:
    """All bytes to the terminal from the welcome to the summary, in a fresh project."""
    counts: list[int] = []
    for _ in range(max(runs, 7)):
        with (
            served("fresh") as sandbox,
            tempfile.TemporaryDirectory() as home,
            Terminal(PROGRAM, sandbox.environ(Path(home)), 80, 24) as terminal,
        ):
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            walk.step(2, "[ Create 2 datasets ]")
            walk.step(3, "[ Create account and key ]")
            walk.step(4, "[ Grant 3 roles ]")
            walk.step(5, "[ Continue ]")
            walk.at(6, "each check is ok")
            terminal.send("\x1b[21~")
            terminal.wait()
            counts.append(len(terminal.raw))
    detail = f"runs: {min(counts) / 1000:.1f} to {max(counts) / 1000:.1f} kB"
    return BenchRow(
        "bytes of a whole guided set-up at 80x24", statistics.median(counts) / 1000, 32, "kB", detail=detail
    )


def key_to_frame(runs: int) -> BenchRow:
    """From a key press to the row that it marks, while datasets are created and read with 500 ms for each call."""
    waits: list[float] = []
    for _ in range(max(runs, 7)):
        with (
            served("fresh", LATENCY) as sandbox,
            tempfile.TemporaryDirectory() as home,
            Terminal(PROGRAM, sandbox.environ(Path(home)), 80, 24) as terminal,
        ):
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            walk.at(2, "[ Create 2 datasets ]")
            walk.enter()
            terminal.until_text("[ Working ]")
            waits += _presses(terminal)
            terminal.until_text("[ Continue ]")
    waits.sort()
    p99 = waits[min(len(waits) - 1, round(0.99 * len(waits)))]
    detail = f"{len(waits)} presses: median {statistics.median(waits):.1f} ms, longest {waits[-1]:.1f} ms"
    return BenchRow("key press to frame while Google is written to, p99", p99, 50, "ms", detail=detail)


def _marked(terminal: Terminal) -> int | None:
    """Return which of the plan's rows is marked, by its colour."""
    lines = terminal.screen.display
    rows = [y for y, line in enumerate(lines) if "reate dataset" in line and "[" not in line]
    if len(rows) != 2:
        return None
    ground = [terminal.screen.buffer[y][40].bg for y in rows]
    return None if ground[0] == ground[1] else int(ground[1] != terminal.screen.buffer[rows[0] - 2][40].bg)


def _presses(terminal: Terminal) -> list[float]:
    """Press Down and Up in turn while the work runs; return the milliseconds until each was shown."""
    waits: list[float] = []
    while "[ Working ]" in terminal.text():
        at = _marked(terminal)
        if at is None:
            terminal.read(0.01)
            continue
        began = time.perf_counter()
        terminal.send(UP if at else DOWN)
        while _marked(terminal) != 1 - at and "[ Working ]" in terminal.text():
            terminal.read(0.005)
        if _marked(terminal) == 1 - at:
            waits.append((time.perf_counter() - began) * 1000)
    return waits
