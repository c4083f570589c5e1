"""What only a terminal shows: the question before a change."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time

import pytest

from tests.support.polling import PATIENCE


class RawTerminal:
    """A child process on a separate pseudo-terminal."""

    def __init__(self, *arguments: str) -> None:
        self.fd, theirs = pty.openpty()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "kbq_tui", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0),  # so that Ctrl+C is a signal
        )
        os.close(theirs)
        self.seen = ""

    def until(self, words: str, seconds: float = PATIENCE) -> None:
        ends = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < ends, self.seen
            self._read(0.2)

    def _read(self, seconds: float) -> bool:
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the child has ended
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self, again: str = "") -> int:
        """Wait for the end. `again` is typed every few seconds: Python only notes a Ctrl+C between the prompt and the
        read that waits for the answer, and acts on it at the next one."""
        began = time.monotonic()
        typed = began
        while self._read(0.2) and self.child.poll() is None:
            assert time.monotonic() < began + PATIENCE, self.seen
            if again and time.monotonic() > typed + 4:
                typed = time.monotonic()
                self.type(again)
        status = self.child.wait(PATIENCE)
        while self._read(0.0) and select.select([self.fd], [], [], 0)[0]:
            pass
        os.close(self.fd)
        return status


@pytest.mark.parametrize(("answer", "status", "changed"), [("y\n", 0, True), ("\n", 1, False), ("\x03", 130, False)])
def test_apply_shows_the_plan_and_asks(google, answer: str, status: int, changed: bool):
    world = google("fresh")
    terminal = RawTerminal("apply")
    terminal.until("Do this? [y/N]")
    assert "Create dataset KLAVIYO_TMP in US" in terminal.seen
    assert world.writes() == []
    terminal.type(answer)
    assert terminal.end(again="\x03" if status == 130 else "") == status, terminal.seen
    assert bool(world.writes()) is changed
    assert "Traceback" not in terminal.seen


def test_colours_on_a_terminal_and_none_with_no_color(google, monkeypatch: pytest.MonkeyPatch):
    google("fresh")
    coloured = RawTerminal("plan")
    assert coloured.end() == 0
    assert "\x1b[32m" in coloured.seen
    monkeypatch.setenv("NO_COLOR", "1")
    plain = RawTerminal("plan")
    assert plain.end() == 0
    assert "\x1b[" not in plain.seen
    assert "7 to change" in plain.seen
