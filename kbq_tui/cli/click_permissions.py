"""`kbq-tui permissions` and its options. Only click is imported here."""

from typing import Any

import click

from kbq_tui.cli.click_options import LanguageCommand, json_option, output_options
from kbq_tui.cli.click_running import filled, handled
from kbq_tui.i18n.messages import N_, translate


def _commands(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the words with which a command may begin or continue, for a shell's completion."""
    from kbq_tui.cli.commands.permissions import known_needs

    typed = ctx.params.get("command") or ()
    words = [name.split() for name in known_needs()]
    found = {name[len(typed)] for name in words if len(name) > len(typed) and tuple(name[: len(typed)]) == tuple(typed)}
    return sorted(word for word in found if word.startswith(incomplete))


@click.command(
    cls=LanguageCommand,
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
@handled
def permissions(**parameters: Any) -> int:
    """Print the permissions that commands need; Google is not called."""
    from kbq_tui.cli.commands.permissions import PermissionsOptions, permissions_command
    from kbq_tui.cli.context import console_of

    options = filled(PermissionsOptions, parameters)
    return permissions_command(options, console_of(options.output))
