"""`kbq-tui permissions`: what each command needs at Google, derived from its calls to the sandbox.

`permissions.json` beside this has, for each command, its calls and the permissions of each (`python -m
tests.tools.permissions` creates it).
"""

import click

from kbq_tui.cli.click_options import json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


def _commands(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the words with which a command may begin or continue, for a shell's completion."""
    from kbq_tui.cli.commands.permissions.body import known_needs

    typed = ctx.params.get("command") or ()
    words = [name.split() for name in known_needs()]
    found = {name[len(typed)] for name in words if len(name) > len(typed) and tuple(name[: len(typed)]) == tuple(typed)}
    return sorted(word for word in found if word.startswith(incomplete))


@dataclass(frozen=True, slots=True)
class PermissionsOptions:
    """The options of `permissions`.

    Attributes:
        command: the words of one command; none for all commands.
        format_: `table` or `yaml`.
    """

    output: OutputOptions
    command: tuple[str, ...] = ()
    format_: str = "table"


@command(
    PermissionsOptions,
    help=translate("Print what each command needs at Google: calls, permissions, the smallest role of each."),
    examples=(
        ("", N_("every command")),
        ("key rotate", N_("one of them")),
        ("apply --format yaml", N_("as a custom role")),
    ),
    next_step=None,
)
@click.argument("command", metavar=f"[{translate('COMMAND')}]", nargs=-1, shell_complete=_commands)
@click.option(
    "--format",
    "format_",
    type=click.Choice(("table", "yaml")),
    default="table",
    show_default=True,
    help=translate("A table, or the file of a custom role for 'gcloud iam roles create --file'."),
)
@output_options
@json_option
def permissions(options: PermissionsOptions) -> int:
    """Print the permissions that commands need; Google is not called."""
    from kbq_tui.cli.commands.permissions.body import permissions_command
    from kbq_tui.cli.context import console_of

    return permissions_command(options, console_of(options.output))
