"""`status --all` of many connections: the time against that of its calls, and the memory against few."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.sandbox import served
from tests.tools.bench.row import BenchRow

LATENCY = 100
"""Milliseconds of each call."""
AT_ONCE = 16
MEASURED = (
    "import resource, subprocess, sys\n"
    "ended = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)\n"
    "print(len(ended.stdout.splitlines()), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
)


def _look(connections: int, latency: int) -> tuple[float, int, float]:
    """Return the seconds, the calls and the peak memory (MiB) of one reading of so many connections."""
    with served("existing", latency) as sandbox, tempfile.TemporaryDirectory() as folder:
        env = sandbox.environ(Path(folder))
        files = Path(env["XDG_CONFIG_HOME"]) / "kbq-tui" / "connections"
        files.mkdir(parents=True)
        text = f'project = "{env["GOOGLE_CLOUD_PROJECT"]}"\nkey_file = "{env["KBQ_TUI_SANDBOX_KEY"]}"\n'
        for number in range(connections):
            (files / f"client-{number:04}.toml").write_text(text)
        before = len(sandbox.ask("calls"))
        command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "kbq_tui", "status", "--all", "--json"]
        began = time.perf_counter()
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
        lines, peak = done.stdout.split()
        if int(lines) != connections:
            raise SystemExit(done.stderr)
        return seconds, len(sandbox.ask("calls")) - before, float(peak)


def against_its_calls(runs: int) -> BenchRow:
    """Time for 200 connections against that of their calls, 16 at a time."""
    seconds, calls, _ = _look(200, LATENCY)
    least = calls * LATENCY / 1000 / AT_ONCE
    detail = f"{seconds:.1f} s for {calls} calls of {LATENCY} ms"
    return BenchRow("status --all: 200 connections / their calls, 16 at once", seconds / least, 1.2, detail=detail)


def memory(runs: int) -> BenchRow:
    """Peak memory for 2,000 connections against that for 20."""
    few, many = _look(20, 0)[2], _look(2_000, 0)[2]
    detail = f"{few:.0f} MiB and {many:.0f} MiB"
    return BenchRow("status --all: peak memory, 2,000 connections / 20", many / few, 1.3, detail=detail)
