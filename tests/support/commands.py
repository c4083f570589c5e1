"""The commands of the program, as click has them."""

from collections.abc import Iterator

import click

from kbq_tui.cli.click_app import cli


def commands_and_groups(group: click.Group = cli, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield the group, and each command and group below it, with the words of its path."""
    yield path, group
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands_and_groups(command, *path, name)
        else:
            yield (*path, name), command


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield each command that can be run, with the words of its path."""
    return ((path, command) for path, command in commands_and_groups() if not isinstance(command, click.Group))
