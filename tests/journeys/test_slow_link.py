"""A line of 2 kB/s and 300 ms each way: every key is answered within 1.5 s, and no screen is shown half.

Time on the line is computed from the bytes, so that a busy machine changes nothing. A step has more text than fits in
that time: its title and its rule, which come first, do.
"""

import sys

import pyte
import pytest

from tests.support import link
from tests.support.pty import Terminal
from tests.tui.test_terminal import environment, face

pytestmark = pytest.mark.journey

ANSWERED = 1.5
DOWN, UP, PAGE_DOWN = "\x1b[B", "\x1b[A", "\x1b[6~"


def press(terminal: Terminal, key: str, *, changes: bool = False) -> bytes:
    """Press a key and return what the terminal was sent for it; if the key changes the screen, not before it has."""
    before, was = len(terminal.raw), terminal.text()
    terminal.send(key)
    if changes:
        terminal.until(lambda: terminal.text() != was)
    terminal.settle()
    return bytes(terminal.raw[before:])


def test_every_key_that_stays_on_its_screen_is_answered_whole() -> None:
    with face("fresh_left_at_project", "setup", "--ssh") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        terminal.settle()
        for key in ("\t", "\t", "a", "b", "\x7f", "\x7f", DOWN, DOWN, UP, "\t", DOWN, DOWN, PAGE_DOWN, "\x03"):
            assert link.seconds(len(press(terminal, key))) <= ANSWERED, repr(key)


def test_a_step_says_where_it_is_in_time_and_is_whole_a_little_later() -> None:
    with face("fresh", "setup", "--ssh") as terminal:
        for title, button in (
            ("Welcome", "[ Begin ]"),
            ("Step 1", "[ Continue ]"),
            ("Step 2", "[ Create 2 datasets ]"),
            ("Step 2", "[ Continue ]"),
            ("Step 3", "[ Create account and key ]"),
            ("Step 3", "[ Continue ]"),
            ("Step 4", "[ Grant 3 roles ]"),
            ("Step 4", "[ Continue ]"),
        ):
            terminal.until_text(title, button)
            terminal.settle()
            before = bytes(terminal.raw)
            sent = press(terminal, "\r", changes=True)
            early = shown(before + sent[: int((ANSWERED - 2 * link.DELAY) * link.BYTES_A_SECOND)])
            assert early != shown(before)
            assert early[0] == shown(before + sent)[0], "the steps, with the one that stands now"
            assert link.seconds(len(sent)) <= 2 * ANSWERED, (title, len(sent))


def test_a_box_begins_to_show_in_time() -> None:
    with face("fresh_left_at_project", "setup", "--ssh") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        terminal.settle()
        for opens in ("\x1bOP", "\x1bOQ", "\x1bOR"):
            before, stood = bytes(terminal.raw), terminal.text()
            sent = press(terminal, opens, changes=True)
            assert terminal.text() != stood
            early = shown(before + sent[: int((ANSWERED - 2 * link.DELAY) * link.BYTES_A_SECOND)])
            assert sum(a != b for a, b in zip(early, shown(before), strict=True)) >= 3, repr(opens)
            press(terminal, "\x1b")
            terminal.until_text("Preflight: nothing in the way")


def shown(sent: bytes) -> list[str]:
    """The lines of a terminal after so much was sent."""
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(sent)
    return list(screen.display)


def test_typed_ahead_over_the_slow_line_nothing_is_torn() -> None:
    command = [sys.executable, "-m", "tests.tui.host", "fresh_left_at_project", "setup", "--ssh"]
    left = []
    for kind in (Terminal, link.SlowTerminal):
        with kind(command, environment()) as terminal:
            terminal.until_text("Preflight: nothing in the way")
            terminal.settle()
            for key in ("\t", "\x1bOP", "\x1b[6~", "\x1b", "\t", DOWN, UP, "\x1bOR"):
                terminal.send(key)
            terminal.until_text("Commands")
            terminal.send("\x1b")
            terminal.until_text("Preflight: nothing in the way")
            terminal.settle()
            left.append(terminal.text())
    assert left[0] == left[1]
