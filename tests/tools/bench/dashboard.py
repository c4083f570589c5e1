"""The cost of a dashboard of thousands at the screen. Google is in memory, so that drawing is measured."""

import sys

from tests.support.pty import Terminal
from tests.tools.bench.presses import Presses
from tests.tools.bench.row import BenchRow
from tests.tui.test_terminal import environment

KEYS = (
    "\x1b[B",
    "\x1b[B",
    "\x1b[6~",
    "N",
    "\x1b[A",
    "N",
    "S",
    "!",
    "!",
    "/",
    "1",
    "2",
    "\x7f",
    "\x7f",
    "\r",
    "K",
    "\x1b[F",
    "\x1b[H",
)
"""Down, page down, sort, reverse, filter, the end and the beginning.

Escape is left out: other keys begin with it, too, so that Textual waits 0.1 s for the rest of one.
"""


def key_to_frame(runs: int) -> BenchRow:
    """From a key press to the first byte of the frame that it draws, with 2,000 connections."""
    presses = Presses()
    command = [sys.executable, "-m", "tests.tui.host", "crowd_of_2000", "dashboard"]
    with Terminal(command, environment(), 80, 24) as terminal:
        terminal.until_text("200 fail", "next look in")
        for _ in range(max(runs, 7)):
            for key in KEYS:
                terminal.settle(0.3)
                presses.press(terminal, key)
    return presses.row("dashboard of 2,000: key press to frame, p99", 50)


def bytes_a_minute(runs: int) -> BenchRow:
    """The bytes for a dashboard of 200 from the end of one reading to that of the next, a minute later."""
    counts: list[float] = []
    command = [sys.executable, "-m", "tests.tui.host", "crowd", "dashboard", "--hurried"]
    with Terminal(command, environment(), 80, 24) as terminal:
        terminal.until_text("20 fail", "next look in")

        def looked() -> str:
            return terminal.text().partition("Looked at ")[2][:8]

        for _ in range(min(runs, 7) + 1):
            before, begin = looked(), len(terminal.raw)
            terminal.until(lambda before=before: looked() not in ("", before))  # type: ignore[misc]
            counts.append(len(terminal.raw) - begin)
    return BenchRow(
        "dashboard of 200, settled: bytes a minute", max(counts[1:]) / 1000, 1, "kB", detail=f"runs: {counts[1:]}"
    )
