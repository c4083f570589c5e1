"""Real behaviours of terminals, row by row: each one that the design depends on has a test in a real
pseudo-terminal."""

import ast
import os
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.pty import Terminal
from tests.tui.test_terminal import LEFT, environment, face

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parent.parent.parent
PROGRAM = [sys.executable, "-m", "kbq_tui"]
HERE = "tests/journeys/test_terminal_facts.py"
FACE = "tests/tui/test_terminal.py"
ROWS = {
    "quit while a thread worker is inside a blocking call": (
        f"{FACE}::test_quitting_during_a_call_that_never_ends_is_quick",
    ),
    "SIGTERM / SIGHUP": (
        f"{FACE}::test_signals_restore_the_terminal_and_keep_what_was_typed",
        f"{HERE}::test_a_terminal_that_goes_away_ends_the_screens_even_where_no_signal_arrives",
    ),
    "crash": (f"{FACE}::test_a_crash_shows_no_local_variables_and_fails",),
    "@work without description=": (f"{HERE}::test_every_worker_has_an_explicit_description",),
    "X10 mouse bytes after a tmux or SSH re-attach": (
        f"{HERE}::test_unasked_reports_of_a_mouse_neither_end_the_session_nor_are_typed",
    ),
    "OSC 52 under tmux defaults": (
        "tests/journeys/test_wizard_tmux.py::test_demo_in_tmux_from_the_first_screen_to_the_summary",
    ),
    "NO_COLOR with the default theme": (f"{HERE}::test_without_colours_not_one_colour_is_sent",),
    "TERM=dumb": (f"{HERE}::test_a_terminal_without_a_cursor_is_refused_and_gets_no_escape",),
    "idle traffic at 80x24": (f"{FACE}::test_a_settled_screen_sends_nothing", f"{HERE}::test_nothing_blinks"),
    "first paint": (f"{HERE}::test_the_first_paint_is_small",),
    "App.run() output": (f"{HERE}::test_standard_output_carries_the_summary_and_nothing_of_the_screens",),
    "LC_ALL=C": (f"{HERE}::test_in_a_locale_without_utf_8_only_ascii_is_sent",),
    "1x1 window": (f"{HERE}::test_a_window_of_one_cell_is_borne_and_a_small_one_says_so",),
}
"""The behaviours, and the tests for how we handle them."""


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_test(row: str) -> None:
    for test in ROWS[row]:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("delivered", [True, False], ids=["SIGHUP ignored", "SIGHUP blocked"])
@pytest.mark.parametrize(
    ("scene", "mark"), [("fresh_left_at_project", "Preflight: nothing"), ("complete_left_at_connect", "and fill in")]
)
def test_a_terminal_that_goes_away_ends_the_screens_even_where_no_signal_arrives(
    scene: str, mark: str, delivered: bool
) -> None:
    do = "signal(signal.SIGHUP,signal.SIG_IGN)" if delivered else "pthread_sigmask(signal.SIG_BLOCK,{signal.SIGHUP})"
    begin = f"import os,signal,sys;signal.{do};os.execv(sys.executable,[sys.executable,*sys.argv[1:]])"
    command = [sys.executable, "-c", begin, "-m", "tests.tui.host", scene, "setup"]
    with Terminal(command, environment()) as terminal:
        terminal.until_text(mark)
        terminal.hang_up()
        assert terminal.wait() == 129


def test_every_worker_has_an_explicit_description() -> None:
    for path in (ROOT / "kbq_tui" / "tui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = {ast.unparse(d).partition("(")[0] for d in node.decorator_list}
                assert not names & {"work", "textual.work"}, f"{path}: a decorator puts call arguments into the log"
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".run_worker"):
                assert "description" in {k.arg for k in node.keywords}, path


@pytest.mark.parametrize("torn", [False, True], ids=["at once", "byte by byte"])
def test_unasked_reports_of_a_mouse_neither_end_the_session_nor_are_typed(torn: bool) -> None:
    with face("fresh_left_at_project") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        terminal.send("\t")
        terminal.settle()
        before = terminal.text()
        reports = b"\x1b[M \xe1\xf5\x1b[M#\xff\x80\x1b[Ma!\xc3"
        for piece in [reports[i : i + 1] for i in range(len(reports))] if torn else [reports]:
            os.write(terminal.fd, piece)
        os.write(terminal.fd, b"\xff\xc3(")  # and bytes that are not text at all
        terminal.settle()
        assert not terminal.ended()
        shown = terminal.text().replace("\N{REPLACEMENT CHARACTER}", "").replace("(", "")
        assert not re.search(r"\[M|!", shown.replace(before, ""))
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0


def colours(sent: bytes) -> list[bytes]:
    """The SGR parameters that are colours; attributes like bold and reverse are none."""
    found = [p for s in re.findall(rb"\x1b\[([\d;]*)m", sent) for p in s.split(b";")]
    return [p for p in found if p and 30 <= int(p) <= 107]


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["setup"], {"NO_COLOR": "1"}),
        (["setup", "--mono"], {}),
        (["--mono"], {}),
        (["setup", "--no-color"], {"COLORTERM": "truecolor"}),
        (["setup", "--theme", "mono"], {}),
        ([], {"NO_COLOR": "yes"}),
    ],
    ids=lambda v: " ".join(v) or "alone",
)
def test_without_colours_not_one_colour_is_sent(tmp_path: Path, arguments: Sequence[str], env: dict[str, str]) -> None:
    with Terminal([*PROGRAM, *arguments], bare(tmp_path, **env)) as terminal:
        terminal.until_text("Begin")
        terminal.send("\x1bOP")
        terminal.until_text("Help")
        terminal.send("\x1b")
        terminal.settle()
        assert colours(bytes(terminal.raw)) == []
        assert b"\x1b[" in terminal.raw


def test_colours_are_counted_rightly(tmp_path: Path) -> None:
    with Terminal([*PROGRAM, "setup"], bare(tmp_path)) as terminal:
        terminal.until_text("Begin")
        assert len(colours(bytes(terminal.raw))) > 10


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_terminal_without_a_cursor_is_refused_and_gets_no_escape(tmp_path: Path, term: str) -> None:
    with Terminal(PROGRAM, bare(tmp_path, TERM=term)) as terminal:
        assert terminal.wait() == 2
        assert b"\x1b" not in terminal.raw
        assert "kbq-tui apply --yes" in bytes(terminal.raw).decode()


def test_nothing_blinks() -> None:
    with face("fresh_left_at_project") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        for keys in ("\t", "\x1bOQ"):  # a field to type in, the palette
            terminal.send(keys)
            terminal.settle(quiet=1.2)
            assert terminal.read(2.0) == 0


@pytest.mark.parametrize(("columns", "rows", "most"), [(80, 24, 7_000), (200, 60, 30_000)])
def test_the_first_paint_is_small(tmp_path: Path, columns: int, rows: int, most: int) -> None:
    with Terminal([*PROGRAM, "setup"], bare(tmp_path), columns, rows) as terminal:
        terminal.until_text("[ Begin ]", "F10")
        assert len(terminal.raw) < most


def test_standard_output_carries_the_summary_and_nothing_of_the_screens(tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = f"exec {shlex.join([sys.executable, '-m', 'tests.tui.host', 'complete_left_at_connect'])} > {out}"
    with Terminal(["/bin/sh", "-c", line], environment()) as terminal:
        terminal.until_text("and fill in")
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
        assert LEFT in terminal.raw
    assert out.read_text().startswith("Project ID")
    assert "\x1b" not in out.read_text()


@pytest.mark.parametrize("arguments", [["setup"], [], ["--ascii"]], ids=lambda v: " ".join(v) or "alone")
def test_in_a_locale_without_utf_8_only_ascii_is_sent(tmp_path: Path, arguments: Sequence[str]) -> None:
    locale = "C.UTF-8" if "--ascii" in arguments else "C"
    with Terminal([*PROGRAM, *arguments], bare(tmp_path, LC_ALL=locale)) as terminal:
        terminal.until_text("Begin")
        terminal.settle()
        assert bytes(terminal.raw).isascii()


def test_a_window_of_one_cell_is_borne_and_a_small_one_says_so() -> None:
    with face("fresh_left_at_project", columns=1, rows=1) as terminal:
        terminal.until(lambda: b"\x1b[?1049h" in terminal.raw)
        terminal.settle()
        terminal.resize(59, 24)
        terminal.until_text("This window is too small: 60x16 is the least.")
        terminal.resize(60, 16)
        terminal.until_text("Step 1 of 6", "Preflight: nothing in the way")
        terminal.resize(1, 1)
        terminal.settle()
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0


def test_stopped_and_brought_back_it_draws_everything_again() -> None:
    with face("fresh_left_at_project") as terminal:
        terminal.until_text("Preflight: nothing in the way")
        terminal.until(lambda: "Looking at" not in terminal.text())  # the last message stays a second longer
        terminal.settle()
        before = terminal.text()
        os.kill(terminal.pid, signal.SIGTSTP)
        terminal.until(lambda: LEFT in terminal.raw)
        os.waitpid(terminal.pid, os.WUNTRACED)
        terminal.forget()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.until(lambda: terminal.text() == before)
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0


def bare(home: Path, **more: str) -> dict[str, str]:
    """An environment for the program itself, with nothing of the developer's own and without Google."""
    return {
        **environment(),
        "HOME": str(home),
        "KBQ_TUI_KEYRING": "off",
        "NO_GCE_CHECK": "true",
        "NO_PROXY": "*",
        **more,
    }
