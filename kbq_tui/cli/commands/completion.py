"""`kbq-tui completion`: shell completion of commands."""

import click
from click.shell_completion import get_completion_class

import kbq_tui.cli.shell_completion  # noqa: F401  imported to register its classes
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CompletionOptions:
    """The options of `completion`.

    Attributes:
        shell: the shell's name.
    """

    shell: str


def completion_command(options: CompletionOptions, program: click.Command, name: str, variable: str) -> int:
    """Print the script that completes commands in a shell.

    Args:
        options: the command's options.
        program: all commands.
        name: the program's name.
        variable: the environment variable by which the shell asks for completions.
    """
    kind = get_completion_class(options.shell)
    assert kind is not None
    click.echo(kind(program, {}, name, variable).source())
    return 0
