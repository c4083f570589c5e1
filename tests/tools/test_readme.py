"""README.md is correct: its commands, options, files and pictures exist."""

import re
from pathlib import Path

import click
from click.testing import CliRunner

from kbq_tui.cli.click_app import cli
from tests.tools import readme

ROOT = readme.README.parent


def test_it_is_short_enough_to_be_read() -> None:
    assert len(readme.README.read_text().splitlines()) <= readme.LONGEST


def test_every_command_in_the_table_of_commands_exists() -> None:
    text = readme.README.read_text()
    section = text.split("## The commands")[1].split("\n## ")[0]
    first_cells = [re.split(r"(?<!\\)\|", line)[1] for line in section.splitlines() if line.startswith("| `")]
    named = {word for cell in first_cells for word in re.findall(r"`([a-z-]+)", cell)}
    assert named - {"kbq-tui"} == set(cli.list_commands(click.Context(cli)))


def test_every_option_it_names_is_an_option() -> None:
    text = readme.README.read_text().split("Most take")[1].split("\n")[0]
    helped = "".join(CliRunner().invoke(cli, [name, "--help"]).output for name in ("setup", "apply", "status"))
    for option in re.findall(r"--[a-z-]+", text):
        assert option in helped, option


def test_every_file_it_links_to_is_there() -> None:
    text = readme.README.read_text()
    shown = re.findall(r'(?:src|srcset)="([^"]+)"', text)
    assert shown
    for target in (*shown, *re.findall(r"\]\(((?!https?:)[^)#]+)\)", text)):
        assert (Path(ROOT) / target).exists(), target
