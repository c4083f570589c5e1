"""The table of commands: each is written once, in one room, with an undo that can be filled in like the command
itself."""

import ast
import re
from pathlib import Path

import pytest

import kbq_tui
from kbq_tui.model.command import Command
from kbq_tui.shell import commands as cmd

ROOT = Path(kbq_tui.__file__).parent
TABLE = {name: value for name, value in vars(cmd).items() if isinstance(value, Command)}
TOOL = re.compile(r"(?:gcloud|bq) (?:--\S+ )*[a-z]+(?:[ -][a-z]|$)")
LATER = {"key_id", "account", "seconds", "data_connection"}
"""Values that are known only after the command was run."""


@pytest.mark.parametrize("name", TABLE)
def test_what_takes_a_command_back_needs_no_more_than_the_command(name: str) -> None:
    command = TABLE[name]
    for undo in command.undone_by:
        assert set(undo.blanks) <= {*command.blanks, *LATER}


def test_each_command_is_written_once() -> None:
    templates = [command.template for command in TABLE.values()]
    assert len(templates) == len(set(templates))


@pytest.mark.parametrize(
    "path", [p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] not in ("shell", "sandbox")], ids=str
)
def test_gcloud_and_bq_are_written_in_one_room(path: Path) -> None:
    """Sentences about the tools, the script of an export, and the one call that reads gcloud's own token."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Command":
            text = ast.unparse(node.args[0])
            assert not TOOL.match(text.strip("'\"f")), f"{path}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
            # A command gets other values; its text is not edited.
            assert not (isinstance(node.func.value, ast.Attribute) and ast.unparse(node.func.value).startswith("cmd."))
