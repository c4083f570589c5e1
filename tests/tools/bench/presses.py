"""Key presses in a terminal: the time to the first byte of the frame, and the processor time that the program used."""

import select
import statistics
import time
from contextlib import suppress
from pathlib import Path

from tests.support.pty import Terminal
from tests.tools.bench.row import BenchRow

LONGEST_WAIT = 2.0
"""Seconds after which a key press is taken for one that draws nothing."""


class Presses:
    """The key presses of one measurement."""

    def __init__(self) -> None:
        self._waits: list[float] = []
        self._cpu: list[float] = []
        self._slowest = ""

    def press(self, terminal: Terminal, key: str) -> None:
        """Press a key, and wait for the first byte that is drawn; the emulator reads it after the measurement."""
        used, began = _cpu_of(terminal.pid), time.perf_counter()
        terminal.send(key)
        if not select.select([terminal.fd], [], [], LONGEST_WAIT)[0]:
            return
        wait = (time.perf_counter() - began) * 1000
        self._cpu.append(_cpu_of(terminal.pid) - used)
        if wait > max(self._waits, default=0.0):
            self._slowest = key
        self._waits.append(wait)
        terminal.read()

    def row(self, name: str, target: float) -> BenchRow:
        """Return the 99th percentile of the waits; where others keep the processors busy, see the processor times.

        Args:
            name: what was measured.
            target: milliseconds.
        """
        waits, cpu = sorted(self._waits), sorted(self._cpu)
        detail = (
            f"{len(waits)} presses: median {statistics.median(waits):.1f} ms, longest {waits[-1]:.1f} ms "
            f"({self._slowest!r}); processor time: median {statistics.median(cpu):.1f} ms, p99 {_p99(cpu):.1f} ms"
        )
        return BenchRow(name, _p99(waits), target, "ms", detail=detail)


def _p99(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


def _cpu_of(pid: int) -> float:
    """Return the milliseconds that all threads of a process have run so far.

    The first number of `schedstat` is in nanoseconds: https://docs.kernel.org/scheduler/sched-stats.html. Without that
    file, which only Linux has, it is 0.
    """
    used = 0
    for thread in Path("/proc", str(pid), "task").glob("*/schedstat"):
        with suppress(OSError):  # it has ended meanwhile
            used += int(thread.read_text().split()[0])
    return used / 1_000_000
