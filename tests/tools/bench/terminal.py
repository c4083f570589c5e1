"""The load on the terminal and the event loop."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.pty import Terminal
from tests.support.sandbox import Served, served
from tests.tools.bench.row import BenchRow

SECONDS = 5.0


def _settled(sandbox: Served, home: Path) -> Terminal:
    terminal = Terminal([sys.executable, "-m", "kbq_tui"], sandbox.environ(home), 80, 24)
    terminal.until_text("Project", "F1")
    terminal.settle(1.0)
    return terminal


def idle_bytes(runs: int) -> BenchRow:
    counts: list[int] = []
    with served("fresh") as sandbox, tempfile.TemporaryDirectory() as folder, _settled(sandbox, Path(folder)) as term:
        for _ in range(max(runs, 7)):
            before = len(term.raw)
            deadline = time.monotonic() + SECONDS
            while (left := deadline - time.monotonic()) > 0:
                term.read(left)
            counts.append(len(term.raw) - before)
    return BenchRow("bytes sent by a settled screen in 5 s", float(max(counts)), 0, "B", detail=f"runs: {counts}")


def memory(runs: int) -> BenchRow:
    """Peak of the TUI's process once it has observed a project, the sandbox in its own process."""
    peaks: list[float] = []
    for _ in range(max(runs, 7)):
        with (
            served("existing") as sandbox,
            tempfile.TemporaryDirectory() as folder,
            Terminal([sys.executable, "-m", "kbq_tui", "setup"], sandbox.environ(Path(folder))) as terminal,
        ):
            terminal.until_text("[ Begin ]", "F10")
            terminal.send("\r")
            terminal.until_text("Preflight:", "[ Continue ]")
            terminal.settle(1.0)
            status = Path(f"/proc/{terminal.pid}/status").read_text()
            peaks.append(int(status.split("VmHWM:")[1].split()[0]) / 1024)
    return BenchRow("peak memory of the TUI process", statistics.median(peaks), 80, "MiB")


def loop_stall(runs: int) -> BenchRow:
    """The longest time in which the event loop of the TUI's process ran nothing else, while `large` is observed.

    Each run is a separate process: the first reading after the sign-in, with Google's libraries not yet imported.
    """
    looks: list[float] = []
    sign_ins: list[float] = []
    with served("large") as sandbox:
        for _ in range(max(runs, 7)):
            command = [sys.executable, "-m", "tests.tools.bench.stall", sandbox.project]
            out = subprocess.run(command, env=sandbox.environ(), capture_output=True, text=True, check=True).stdout
            sign_in, look = map(float, out.split())
            sign_ins.append(sign_in)
            looks.append(look)
    detail = (
        f"first look: {min(looks):.0f} to {max(looks):.0f} ms; signing in: median {statistics.median(sign_ins):.0f} ms"
    )
    return BenchRow(
        "longest stall of the event loop while observing large", statistics.median(looks), 50, "ms", detail=detail
    )
