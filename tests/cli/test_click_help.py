"""What `--help` says, of every command."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kbq_tui.cli.click_app import PROGRAM, cli
from kbq_tui.cli.click_help import COMMON, CONNECTION, SCREEN, WITH_SCREENS, group_of
from kbq_tui.cli.click_options import LanguageCommand
from tests.support import warm
from tests.support.commands import commands_and_groups
from tests.support.polling import PATIENCE


def _declared() -> Iterator[tuple[str, LanguageCommand]]:
    for words, command in commands_and_groups():
        path = " ".join(words)
        assert isinstance(command, LanguageCommand), f"{path}: cls=LanguageCommand is missing"
        yield path, command


COMMANDS = dict(_declared())


def help_of(path: str, width: int = 80) -> str:
    """A command's help on a terminal of that width."""
    ctx = click.Context(cli, info_name=PROGRAM)
    names = path.split()
    for at, name in enumerate(names, 1):
        ctx = click.Context(COMMANDS[" ".join(names[:at])], parent=ctx, info_name=name)
    ctx.terminal_width = width
    return COMMANDS[path].get_help(ctx)


def test_a_command_brings_its_examples_and_its_next_step() -> None:
    """Everything that a new command needs for help and last line is in its declaration, which fails without it."""
    for path, command in COMMANDS.items():
        assert len(command.examples) == 3, path
    with pytest.raises(TypeError, match="'examples' and 'next_step'"):
        cli.command("new")(lambda: None)
    assert "new" not in cli.commands


@pytest.mark.parametrize("path", COMMANDS)
def test_the_examples_can_be_typed(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("clients.csv", "key.json"):
        (tmp_path / file).touch()
    (tmp_path / "shop-eu.plan").write_text('{"schema": "kbq-tui/plan-file/v1"}')
    for typed, _ in COMMANDS[path].examples:
        COMMANDS[path].make_context(path, shlex.split(typed))  # otherwise click says what is wrong with it


@pytest.mark.parametrize("path", COMMANDS)
def test_help_is_a_line_of_usage_examples_and_groups_of_options(path: str) -> None:
    said = help_of(path)
    ctx = click.Context(COMMANDS[path], info_name=path)
    options = [p for p in COMMANDS[path].get_params(ctx) if isinstance(p, click.Option)]
    titles = ["Usage:", "Examples:", "Connection options:", "Screen options:", "Common options:"]
    places = [said.index(title) for title in titles if title in said]
    assert places == sorted(places)
    assert "Common options:" in said
    assert ("Connection options:" in said) == any(p.name in CONNECTION for p in options)
    assert ("--theme" in said) == (path in WITH_SCREENS)
    own = said.partition("Connection options:")[0].partition("Common options:")[0]
    for option in options:
        assert (option.opts[-1] in said) == (option.name not in SCREEN or path in WITH_SCREENS), option.name
        if group_of(option.name) is None:
            assert option.opts[-1] in own, option.name


def test_the_groups_are_the_options_that_commands_share() -> None:
    names = {p.name for p in COMMANDS["setup"].params if isinstance(p, click.Option)}
    assert names - CONNECTION - SCREEN - COMMON == {"plain", "answers"}
    assert names > CONNECTION


@pytest.mark.parametrize("width", [60, 80, 120])
def test_help_fits_the_terminal(width: int) -> None:
    for path in COMMANDS:
        for line in help_of(path, width).splitlines():
            assert len(line) <= width or "Access Denied" in line, path


def test_help_in_german_fits_the_terminal_too() -> None:
    for path in ("", "key rotate", "setup"):
        ended = subprocess.run(
            [warm.python(), "-m", "kbq_tui", *path.split(), "--help"],
            env={**os.environ, "COLUMNS": "60", "KBQ_TUI_LANG": "de"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert "Beispiele:" in ended.stdout, ended.stderr
        assert max(map(len, ended.stdout.splitlines())) <= 60
