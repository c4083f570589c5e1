"""What only a real terminal shows: the bytes of an idle screen, signals, quitting, crashing, and what is left at the
end."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.pty import Terminal
from tests.tui import fakes

ROOT = Path(__file__).parent.parent.parent
LEFT = b"\x1b[?1049l"
"""The sequence that restores the shell's own screen."""


def environment(**more: str) -> Mapping[str, str]:
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return {**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT), **more}


@contextmanager
def face(*arguments: str, columns: int = 80, rows: int = 24, **env: str) -> Iterator[Terminal]:
    with Terminal([sys.executable, "-m", "tests.tui.host", *arguments], environment(**env), columns, rows) as terminal:
        yield terminal


@pytest.mark.parametrize(
    ("scene", "start", "mark"),
    [
        ("fresh", "setup", "Credentials of"),
        ("complete_left_at_project", "setup", "Preflight: nothing in the way"),
        ("complete_left_at_verify", "setup", "Verified:"),
        ("complete_left_at_connect", "setup", "and fill in"),
        ("complete_left_at_connect", "dashboard", "next look in"),
    ],
)
def test_a_settled_screen_sends_nothing(scene: str, start: str, mark: str) -> None:
    with face(scene, start) as terminal:
        if scene == "complete_left_at_verify":
            terminal.until_text("r runs the checks")
            terminal.send("r")
        terminal.until_text(mark)
        terminal.settle(quiet=1.2)
        assert terminal.read(2.0) == 0


def test_a_dashboard_of_200_sends_less_than_a_kilobyte_a_minute() -> None:
    with face("crowd", "dashboard", "--hurried") as terminal:
        terminal.until_text("20 fail", "next look in")
        looked = _looked(terminal)
        terminal.until(lambda: _looked(terminal) not in ("", looked))  # now it has been read twice
        begin, looked = len(terminal.raw), _looked(terminal)
        terminal.until(lambda: _looked(terminal) not in ("", looked))
        assert len(terminal.raw) - begin <= 1_000
        assert b"\x1b]2;kbq-tui: 180 ok, 20 fail\x07" in terminal.raw
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
        assert b"\x1b[23;2t" in terminal.raw, "the title is as it was before"


def _looked(terminal: Terminal) -> str:
    """Return the time of the last reading, as the screen shows it."""
    return terminal.text().partition("Looked at ")[2][:8]


def test_signals_restore_the_terminal_and_keep_what_was_typed() -> None:
    for number, status in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)):
        with face("fresh_left_at_project") as terminal:
            terminal.until_text("Preflight: nothing in the way")
            os.kill(terminal.pid, number)
            assert terminal.wait() == status
            assert LEFT in terminal.raw
            assert "saved ['default']" in terminal.text()


@pytest.mark.parametrize("keys", ["\x1b[21~", "\x11", "\x03\x03"], ids=["F10", "ctrl+q", "ctrl+c twice"])
def test_each_quit_key_quits_with_status_0(keys: str) -> None:
    with face("fresh") as terminal:
        terminal.until_text("Begin")
        terminal.send(keys)
        assert terminal.wait() == 0
        assert LEFT in terminal.raw


def test_ctrl_c_once_and_esc_do_not_quit() -> None:
    with face("fresh") as terminal:
        terminal.until_text("Begin", "Credentials of")
        terminal.send("\x03")
        terminal.until_text("once more quits")
        terminal.send("\x1b")
        terminal.until_text("Esc never quits")
        assert not terminal.ended()


def test_quitting_during_a_call_that_never_ends_is_quick() -> None:
    with face("hung_left_at_project") as terminal:
        terminal.until_text("Looking at the project")
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0  # the call never ends


def test_a_crash_shows_no_local_variables_and_fails() -> None:
    with face("fresh", "setup", "--crash") as terminal:
        assert terminal.wait() == 1
        said = bytes(terminal.raw)
        assert fakes.CANARY.encode() not in said
        assert b"unexpected error" in said
        assert b"log" in said


def test_mono_sends_no_colour() -> None:
    with face("fresh_left_at_project", "setup", "--mono") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        colours = [p for p in bytes(terminal.raw).split(b"\x1b[") if p[:3] in (b"38;", b"48;")]
        assert colours == []


def test_ascii_sends_ascii() -> None:
    with face("fresh_left_at_project", "setup", "--ascii") as terminal:
        terminal.until_text("Preflight: nothing in the way", "* ok")
        assert bytes(terminal.raw).isascii()


def test_the_whole_way_with_enter_alone_ends_on_the_three_values_and_stays_under_150_kb() -> None:
    with face("fresh") as terminal:
        steps = (
            ("Welcome", "[ Begin ]"),
            ("Step 1", "[ Continue ]"),
            ("Step 2", "[ Create 2 datasets ]"),
            ("Step 2", "[ Continue ]"),
            ("Step 3", "[ Create account and key ]"),
            ("Step 3", "[ Continue ]"),
            ("Step 4", "[ Grant 3 roles ]"),
            ("Step 4", "[ Continue ]"),
            ("Step 5", "Verified:"),
        )
        for marks in steps:
            terminal.until_text(*marks)
            terminal.send("\r")
        terminal.until_text("Step 6", fakes.PROJECT, "KLAVIYO_IMPORT_FROM_DWH", f"{fakes.SPEC.account_id}")
        assert len(terminal.raw) < 150_000
        assert fakes.CANARY.encode() not in terminal.raw
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
        after = bytes(terminal.raw).rpartition(LEFT)[2].decode()
        assert f"Project ID                  {fakes.PROJECT}" in after


def test_any_resize_at_any_moment_is_survived() -> None:
    with face("fresh_left_at_project") as terminal:
        for columns, rows in ((1, 1), (200, 60), (59, 15), (10, 40), (200, 2), (80, 24)):
            terminal.resize(columns, rows)
            terminal.read(0.05)
        terminal.until_text("Preflight: nothing in the way")
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0


def test_the_values_can_be_read_on_the_plain_terminal_and_the_screen_comes_back() -> None:
    with face("complete_left_at_connect") as terminal:
        terminal.until_text("and fill in", fakes.PROJECT)
        terminal.send("v")
        terminal.until_text("Enter goes back", f"Project ID                  {fakes.PROJECT}")
        terminal.send("\r")
        terminal.until_text("Step 6", "F10 Quit")


def test_keys_of_one_packet_go_where_each_of_them_leads() -> None:
    with face("complete_left_at_connect", "dashboard") as terminal:
        terminal.until_text("next look in")
        terminal.send("e")
        terminal.until_text("[ Explain ]")
        terminal.send("Key creation is not allowed on this service account.")
        terminal.until_text("on this service account.")
        terminal.send("\t\r")
        terminal.until_text("[ Text to send ]", "What to do")
