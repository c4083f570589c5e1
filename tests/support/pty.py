"""A program in a real pseudo-terminal, with a terminal emulator that reads its output."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

import pyte

from tests.support import canary, lookups
from tests.support.polling import PATIENCE


class Terminal:
    """Runs a program in a pty with a separate session.

    Args:
        command: what to exec.
        env: its whole environment.
        columns, rows: size in cells.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 24) -> None:
        self.raw = bytearray()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(command[0], list(command), lookups.watched(env))
        os.set_blocking(self.fd, False)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read(self, seconds: float = 0.0) -> int:
        """Read what is sent within `seconds`; return the number of bytes."""
        got = 0
        if self.fd < 0:
            time.sleep(seconds)  # nothing can come any more; callers that wait for the end check again
            return got
        while select.select([self.fd], [], [], seconds if not got else 0)[0]:
            if not (taken := self.take(65536)):
                break
            got += taken
        return got

    def take(self, most: int) -> int:
        """Read at most so many bytes of what is available; return the number."""
        try:
            data = os.read(self.fd, most)
        except OSError:  # the other side is closed
            return 0
        self.raw += data
        self._stream.feed(data)
        return len(data)

    def text(self) -> str:
        """The screen as lines without trailing spaces."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def left(self) -> str:
        """The text that was printed after the program had restored the screen."""
        return self.raw.rpartition(b"\x1b[?1049l")[2].decode(errors="replace").replace("\r\n", "\n")

    def send(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def until(self, ready: Callable[[], bool], seconds: float = PATIENCE, pause: float = 0.02) -> None:
        """Read until `ready`; fail with the screen if the time is over or the program has ended without it."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.read(max(pause, 0.002))
            if ready():
                return
            if time.monotonic() > deadline or (self.ended() and not self.read(0.05)):
                raise AssertionError(f"never came (exit {self.status}); the screen was:\n{self.text()}")

    def until_text(self, *marks: str, seconds: float = PATIENCE) -> None:
        self.until(lambda: all(m in self.text() for m in marks), seconds)

    def settle(self, quiet: float = 0.5, seconds: float = PATIENCE) -> None:
        """Read until nothing has been sent for `quiet` seconds."""
        deadline = time.monotonic() + seconds
        while self.read(quiet):
            if time.monotonic() > deadline:
                raise AssertionError("the screen never settles:\n" + self.text())

    def hang_up(self) -> None:
        """Close our side, as a terminal window or sshd does."""
        os.close(self.fd)
        self.fd = -1

    def forget(self) -> None:
        """Clear the screen, as a shell that uses it meanwhile may."""
        self.screen.reset()

    def ended(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, seconds: float = PATIENCE) -> int:
        """Read until the program ends; return its exit status (negative: the signal)."""
        deadline = time.monotonic() + seconds
        while not self.ended():
            self.read(0.02)
            if time.monotonic() > deadline:
                raise AssertionError("it never ended; the screen was:\n" + self.text())
        self.read(0.05)
        assert self.status is not None
        return self.status

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if not self.ended():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)
        canary.none_in(bytes(self.raw), "what the terminal was sent")
