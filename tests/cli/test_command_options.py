"""Options as values: every command has a class for its options beside its declaration, and no option gets lost."""

from dataclasses import FrozenInstanceError, fields

import pytest

from kbq_tui.cli.click_options import LanguageCommand
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, fill
from kbq_tui.cli.commands.apply import ApplyOptions
from tests.support.commands import commands

COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_option_of_a_command_has_a_field_in_the_class_beside_it(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert isinstance(command, LanguageCommand)
    kind = command.options_class
    assert kind is not None
    assert kind.__module__ == f"kbq_tui.cli.commands.{path[0]}"
    typed = {param.name or "" for param in command.params if param.expose_value}
    own = {field.name for field in fields(kind)}
    shared = {"output": OutputOptions, "connection": ConnectionOptions}
    places = own | {field.name for name in own & shared.keys() for field in fields(shared[name])}
    assert typed <= places
    assert own - shared.keys() <= typed


def test_shared_options_are_separate_values_and_cannot_be_changed() -> None:
    options = fill(ApplyOptions, {"yes": True, "as_json": True, "project": "p", "name": None, "other": 1})
    assert options == ApplyOptions(OutputOptions(as_json=True), ConnectionOptions(project="p"), yes=True)
    with pytest.raises(FrozenInstanceError):
        options.yes = False  # type: ignore[misc]
