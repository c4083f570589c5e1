"""The source check of many tables: the time against that of its calls, the memory, and the cost at the screen."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kbq_tui.sandbox
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served
from tests.tools.bench.presses import Presses
from tests.tools.bench.replay import replaying
from tests.tools.bench.row import BenchRow
from tests.tui.test_terminal import environment

LATENCY = 100
"""Milliseconds of each call."""
AT_ONCE = 16
KEYS = ("\x1b[B", "\x1b[B", "\x1b[6~", "\x1b[A", "\x1b[F", "\x1b[H")
"""Down, page down, up, the end and the beginning."""


@contextmanager
def _tables() -> Iterator[Served]:
    """Serve `source-large` with 300 tables, and without the one of five million rows, which is the sandbox's work."""
    known = Path(kbq_tui.sandbox.__file__).parent / "scenarios" / "source-large.toml"
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / known.name
        text = re.sub(r"(?m)^rows = \d+$", "rows = 80", known.read_text("utf-8"))
        small.write_text(re.sub(r"(?m)^tables = \d+$", "tables = 300", text), "utf-8")
        with served(str(small)) as sandbox:
            yield sandbox


def against_its_calls(runs: int) -> BenchRow:
    """Time for 300 tables against that of their calls, 16 at a time; the answers are those of an earlier check."""
    with _tables() as sandbox, replaying(sandbox.url) as google:
        env = {**sandbox.environ(), "CLOUDSDK_API_ENDPOINT_OVERRIDES_BIGQUERY": google.url}
        command = [sys.executable, "-m", "kbq_tui", "source", "--json", "--key-file", env["KBQ_TUI_SANDBOX_KEY"]]

        def check() -> tuple[float, int, int]:
            before, began = google.calls, time.perf_counter()
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            return time.perf_counter() - began, google.calls - before, len(json.loads(done.stdout)["tables"])

        check()
        fetched, google.latency = google.fetched, LATENCY / 1000
        seconds, calls, tables = min(check() for _ in range(min(runs, 5)))
        if google.fetched != fetched:
            raise SystemExit(f"{google.fetched - fetched} calls were not those of the first check")
    detail = f"{seconds:.1f} s for {calls} calls of {LATENCY} ms, {tables} tables"
    least = calls * LATENCY / 1000 / AT_ONCE
    return BenchRow("source: 300 tables / their calls, 16 at once", seconds / least, 1.2, detail=detail)


def memory(runs: int) -> BenchRow:
    """Peak memory for 3,000 tables against that for 30; Google is one in memory."""
    few, many = (_peak(count) for count in (30, 3_000))
    return BenchRow(
        "source: peak memory, 3,000 tables / 30", many / few, 1.3, detail=f"{few:.0f} MiB and {many:.0f} MiB"
    )


def _peak(tables: int) -> float:
    """Return the peak memory (MiB) of a check of so many tables, in a process for it alone."""
    command = [sys.executable, "-m", "tests.tools.bench.source_check", str(tables)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _terminal() -> Terminal:
    return Terminal([sys.executable, "-m", "tests.tui.host", "tables_of_3000", "dashboard"], environment(), 80, 24)


def first_verdict(runs: int) -> BenchRow:
    """From the key that opens the tables to the first verdict on the screen; Google is one in memory."""
    waits: list[float] = []
    for _ in range(min(runs, 5)):
        with _terminal() as terminal:
            terminal.until_text("next look in")
            terminal.settle(0.3)
            began = time.perf_counter()
            terminal.send("t")
            terminal.until_text("table_0")
            waits.append((time.perf_counter() - began) * 1000)
    detail = f"{len(waits)} runs: {min(waits):.0f} to {max(waits):.0f} ms"
    return BenchRow("source: key press to first verdict", statistics.median(waits), 500, "ms", detail=detail)


def key_to_frame(runs: int) -> BenchRow:
    """From a key press to the first byte of the frame that it draws, while 3,000 tables arrive and after."""
    presses = Presses()
    for _ in range(min(runs, 5)):
        with _terminal() as terminal:
            terminal.until_text("next look in")
            terminal.send("t")
            terminal.until_text("tables are ready")  # the first 300
            terminal.send("a")
            # With fewer rows than a page a key may move nothing, and the next frame is then that of the next tables.
            terminal.until(lambda: re.search(r"\d{2,} tables looked at so far", terminal.text()) is not None)
            for key in KEYS * 3:
                presses.press(terminal, key)
    return presses.row("source: key press to frame while 3,000 tables arrive, p99", 50)
