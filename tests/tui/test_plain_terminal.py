"""Texts printed on the plain terminal: a secret is cleared in every case, and the screens come back."""

import os
import signal
import sys

import pytest

from kbq_tui.tui.plain_terminal import CLEAR
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


def _again(terminal: Terminal) -> bool:
    """Press the key once more if the project had not been read yet."""
    if "Try again once" in terminal.text():
        terminal.send("p")
    return False
