"""Options as values: every command has a class for its options beside its body, and no option gets lost."""

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from typing import Any

import click
import pytest

from kbq_tui.cli import command_options
from kbq_tui.cli.click_app import cli
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, fill
from kbq_tui.cli.commands.apply import ApplyOptions
from kbq_tui.cli.sign_in import GoogleSignIn


def _commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(_commands(cli))


class _Filled(Exception):
    pass


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_option_of_a_command_has_a_field_in_the_class_beside_its_body(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(kind: Any, parameters: dict[str, Any]) -> Any:
        if kind in (OutputOptions, ConnectionOptions):
            return fill(kind, parameters)
        raise _Filled(kind)

    monkeypatch.setattr(command_options, "fill", seen)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme-klaviyo-demo")
    monkeypatch.setattr(GoogleSignIn, "begin", lambda *_, **__: None)
    typed = {param.name or "": None for param in COMMANDS[path].params if param.expose_value}
    callback = COMMANDS[path].callback
    assert callback is not None
    with pytest.raises(_Filled) as stopped:
        callback(**typed)
    kind = stopped.value.args[0]
    assert kind.__module__.removeprefix("kbq_tui.cli.commands.") in (path[0], "_".join(path))
    own = {field.name for field in fields(kind)}
    shared = {"output": OutputOptions, "connection": ConnectionOptions}
    places = own | {field.name for name in own & shared.keys() for field in fields(shared[name])}
    assert set(typed) <= places
    assert own - shared.keys() <= set(typed)


def test_shared_options_are_separate_values_and_cannot_be_changed() -> None:
    options = fill(ApplyOptions, {"yes": True, "as_json": True, "project": "p", "name": None, "other": 1})
    assert options == ApplyOptions(OutputOptions(as_json=True), ConnectionOptions(project="p"), yes=True)
    with pytest.raises(FrozenInstanceError):
        options.yes = False  # type: ignore[misc]
