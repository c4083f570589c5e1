"""Texts printed on the plain terminal: a secret is cleared in every case, and the screens come back."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator

import pytest

from kbq_tui.tui.plain_terminal import CLEAR, show
from tests.journeys.test_terminal_facts import environment
from tests.support.pty import Terminal

PRINTED = "Enter goes back."


@pytest.mark.parametrize("how", ["Enter", "Ctrl+C", "SIGTERM", "SIGHUP"])
def test_a_key_that_was_printed_is_cleared_however_one_leaves(how: str) -> None:
    command = [sys.executable, "-m", "tests.tui.host", "complete_left_at_connect", "setup"]
    with Terminal(command, environment()) as terminal:
        terminal.until_text("and fill in", "p Copy key")
        terminal.send("p")
        terminal.until(lambda: "[ Print the key ]" in terminal.text() or _again(terminal))
        terminal.send("hh\r" if "[ Copy the key ]" in terminal.text() else "h\r")
        terminal.until_text(PRINTED)
        before = len(terminal.raw)
        if how.startswith("SIG"):
            os.kill(terminal.pid, signal.Signals[how])
            assert terminal.wait() == 128 + signal.Signals[how]
        else:
            terminal.send("\r" if how == "Enter" else "\x03")
            terminal.until_text("Once pasted, copy something else.")
        assert CLEAR.encode() in bytes(terminal.raw[before:])


@pytest.mark.parametrize("when", ["left", "printed"])
def test_ctrl_c_at_once_goes_back_and_the_key_is_cleared(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may arrive as soon as the screens are left, and while the text is being printed."""

    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    class InterruptedStream(io.StringIO):
        def flush(self) -> None:
            if when == "printed" and "Enter" in self.getvalue() and CLEAR not in self.getvalue():
                press()

    @contextlib.contextmanager
    def suspended() -> Iterator[None]:
        steps.append("left")
        if when == "left":
            press()
        yield
        steps.append("back")

    out, steps = InterruptedStream(), list[str]()
    keyboard, typing = os.openpty()
    monkeypatch.setattr(sys, "__stderr__", out)
    with open(typing, closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        asyncio.run(show(suspended(), "the key", secret=True))
    os.close(keyboard)
    os.close(typing)
    assert steps == ["left", "back"]
    assert "the key" in out.getvalue()
    assert out.getvalue().endswith(CLEAR)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _again(terminal: Terminal) -> bool:
    """Press the key once more if the project had not been read yet."""
    if "Try again once" in terminal.text():
        terminal.send("p")
    return False
