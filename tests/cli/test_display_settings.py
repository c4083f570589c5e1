"""The display settings: options, saved preferences and the settings file, as the screens get them."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbq_tui.cli.click_options import THEMES as TYPED_THEMES
from kbq_tui.cli.command_options import OutputOptions, UsageError
from kbq_tui.cli.display_settings import look_for, settings_here
from kbq_tui.engine.services import UiPreferences
from kbq_tui.local.app_config import Settings
from kbq_tui.local.connection_file import Connections
from kbq_tui.local.paths import Paths
from kbq_tui.local.store import FileStore
from kbq_tui.local.terminal import Capabilities, detect
from kbq_tui.tui.display_options import THEMES
from tests.support.pty import Terminal

UTF8 = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


def terminal(ascii_: bool | None = None, **env: str) -> Capabilities:
    return detect({**UTF8, **env}, ascii_wanted=ascii_, isatty=lambda fd: True, size=lambda fd: (80, 24))


class Still:
    def now(self) -> datetime:
        return datetime(2026, 1, 31, 9, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> bool:
        raise AssertionError("nothing waits here")


@pytest.mark.parametrize(
    ("typed", "preferences", "env", "ascii_", "theme", "mono"),
    [
        ({}, UiPreferences(), {}, False, "dark", False),
        ({}, UiPreferences(), {"TERM": "linux"}, True, "dark", False),
        ({}, UiPreferences(ascii=True, theme="light"), {}, True, "light", False),
        ({}, UiPreferences(ascii=False), {"TERM": "linux"}, False, "dark", False),
        ({"ascii_": False}, UiPreferences(ascii=True), {}, False, "dark", False),
        ({"ascii_": True}, UiPreferences(ascii=False), {}, True, "dark", False),
        ({"theme": "contrast"}, UiPreferences(theme="light"), {}, False, "contrast", False),
        ({"theme": "mono"}, UiPreferences(theme="light"), {}, False, "mono", True),
        ({"no_color": True}, UiPreferences(theme="light"), {}, False, "light", True),
        ({}, UiPreferences(theme="light"), {"NO_COLOR": "1"}, False, "light", True),
        ({}, UiPreferences(theme="no such theme"), {}, False, "dark", False),
    ],
)
def test_typed_wins_over_remembered_and_no_color_over_both(
    typed: dict[str, Any], preferences: UiPreferences, env: dict[str, str], ascii_: bool, theme: str, mono: bool
) -> None:
    look = look_for(OutputOptions(**typed), preferences, terminal(typed.get("ascii_"), **env), Settings(Path("none")))
    assert (look.ascii, look.theme, look.mono) == (ascii_, theme, mono)


def test_the_themes_of_the_option_are_those_of_the_screens() -> None:
    assert TYPED_THEMES == THEMES


def test_what_was_chosen_comes_back_and_leaves_the_projects_alone() -> None:
    paths = Paths.from_env(os.environ)
    store = FileStore(paths, Connections(paths.connections), Still())
    assert store.preferences() == UiPreferences()
    store.remember_project("acme-klaviyo-demo")
    store.save_preferences(UiPreferences(True, "light", welcomed=True))
    again = FileStore(paths, Connections(paths.connections), Still())
    assert again.preferences() == UiPreferences(True, "light", welcomed=True)
    assert again.recent_projects() == ("acme-klaviyo-demo",)


def settings_file() -> Path:
    path = Paths.from_env(os.environ).settings
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_keys_of_the_file_arrive() -> None:
    settings_file().write_text('[keys]\nhelp = "f9"\n')
    assert look_for(OutputOptions(), UiPreferences(), terminal(), settings_here()).keymap == {"help": ("f9",)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\nquit = "f12"\nhelf = "f9"\n', "line 3, keys.helf: There is no such action. There are: next, "),
        ('[keys]\n\nhelp = "f99"\n', "line 3, keys.help: There is no key f99."),
        ('[keys]\nhelp = "ctrl+p"\n', "line 2, keys.help: ctrl+p never arrives everywhere"),
        ('[keys]\nhelp = "f5"\n', "line 2, keys.help: f5 is taken: refresh."),
        ("[keys\n", "line 1, syntax"),
    ],
)
def test_keys_that_cannot_be_end_the_start_with_their_line(text: str, said: str) -> None:
    settings_file().write_text(text)
    with pytest.raises(UsageError) as caught:
        look_for(OutputOptions(), UiPreferences(), terminal(), settings_here())
    assert said in str(caught.value)


def test_the_program_refuses_such_a_file_with_exit_status_2() -> None:
    settings_file().write_text('[keys]\nhelp = "f5"\n')
    env = {**os.environ, **UTF8}
    with Terminal([sys.executable, "-m", "kbq_tui", "setup"], env) as program:
        assert program.wait() == 2
        assert "keys.help: f5 is taken: refresh." in " ".join(program.text().split())


def test_what_f4_chose_is_there_at_the_next_start_and_what_is_typed_wins() -> None:
    command, env = [sys.executable, "-m", "kbq_tui", "setup"], {**os.environ, **UTF8}
    with Terminal(command, env) as first:
        first.until_text("[ Begin ]", "→")
        first.send("\x1bOS")
        first.until(lambda: "→" not in first.text())
        first.send("\x1b[21~")
        assert first.wait() == 0
    with Terminal(command, env) as second:
        second.until_text("[ Begin ]", ">")
        second.send("\x1b[21~")
        assert second.wait() == 0
        assert bytes(second.raw).isascii()
    with Terminal([*command, "--no-ascii"], env) as third:
        third.until_text("[ Begin ]", "→")
        third.send("\x1b[21~")
        assert third.wait() == 0
