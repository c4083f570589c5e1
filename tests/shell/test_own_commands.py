"""Printed commands of kbq-tui: each is one that the program accepts, and names its connection."""

import re
import shlex

import click
import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.diagnosis.all_entries import CODES
from kbq_tui.model.command import Command
from kbq_tui.model.problem import Context
from kbq_tui.shell.own_commands import ARGUMENTS, ON_MACHINE, for_connection, makes_connection
from tests.support.commands import commands

FILE = "/etc/our own.toml"
NAMED = f"prod --config '{FILE}'"
CONTEXT = Context("acme-prod-123", "sa@acme-prod-123.iam.gserviceaccount.com", "KLAVIYO_TMP", "EU", "jo@acme.example")
DETAILS = {"key_id": "0123456789abcdef", "path": "/home/jo/key.json", "connection": "other", "table": "people"}


def printed() -> list[str]:
    """Return every command of ours in the remedies of the catalogue."""
    problems = [catalogue.problem(code, context, **DETAILS) for code in CODES for context in (CONTEXT, Context())]
    lines = {line for problem in problems for step in problem.remedy for line in step.lines}
    return sorted(line for line in lines if line.startswith("kbq-tui "))


def parsed(line: str) -> tuple[tuple[str, ...], dict[str, object]]:
    """Return the program's parsing of a command line. Raises click.UsageError if it is refused."""
    words = shlex.split(line)[1:]
    path, command = max(
        (found for found in commands() if tuple(words[: len(found[0])]) == found[0]), key=lambda found: len(found[0])
    )
    return path, command.make_context("x", words[len(path) :]).params


def test_the_commands_about_a_connection_are_those_that_take_its_name() -> None:
    found = {}
    for path, command in commands():
        names = [p.name for p in command.params if isinstance(p, click.Argument)]
        for name in ("name", "names"):
            if name in names:
                found[path] = names.index(name)
    assert found == ARGUMENTS | ON_MACHINE


def test_there_are_commands_of_ours_in_the_catalogue() -> None:
    assert len(printed()) > 8


@pytest.mark.parametrize("line", printed())
def test_a_remedy_names_only_commands_that_the_program_takes(line: str) -> None:
    parsed(line)
    assert not re.search(r"\b(NAME|KEY_ID|CONNECTION)\b", line)


@pytest.mark.parametrize("line", printed())
def test_a_command_of_ours_means_the_connection_it_is_about(line: str) -> None:
    named = str(for_connection(Command(line), "prod", FILE))
    path, params = parsed(named)
    if path in ARGUMENTS and "--all" not in line:
        assert params["config"] == FILE
        assert params.get("name", params.get("names")) in ("prod", ("prod",), "other"), "another one stays"
    assert str(for_connection(Command(named), "prod", FILE)) == named


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("kbq-tui apply", f"kbq-tui apply {NAMED}"),
        ("kbq-tui apply --remove-over-grants", f"kbq-tui apply --remove-over-grants {NAMED}"),
        ("kbq-tui key delete 0123", f"kbq-tui key delete 0123 {NAMED}"),
        ("kbq-tui key delete 0123 other", f"kbq-tui key delete 0123 other --config '{FILE}'"),
        ("kbq-tui key create --key-file '/a b/k.json'", f"kbq-tui key create --key-file '/a b/k.json' {NAMED}"),
        ("kbq-tui export gcloud", f"kbq-tui export gcloud {NAMED}"),
        ("kbq-tui doctor", f"kbq-tui doctor --config '{FILE}'"),
        ("kbq-tui connections validate", "kbq-tui connections validate prod"),
        ("kbq-tui status --all", f"kbq-tui status --all --config '{FILE}'"),
        ("kbq-tui explain 'EXTERNAL_MESSAGE'", "kbq-tui explain 'EXTERNAL_MESSAGE'"),
        ("gcloud auth list", "gcloud auth list"),
    ],
)
def test_the_name_and_the_file_stand_where_they_are_missing(line: str, named: str) -> None:
    once = for_connection(Command(line), "prod", FILE)
    assert str(once) == named
    assert for_connection(once, "prod", FILE) == once
    assert str(for_connection(Command(line), "")) == line
    parsed(named) if named.startswith("kbq-tui") else None


def test_only_setup_and_apply_take_the_name_of_one_that_is_not_there() -> None:
    assert [path[0] for path in ARGUMENTS if makes_connection(Command(" ".join(("kbq-tui", *path))))] == [
        "setup",
        "apply",
    ]
