"""The program's commands: each is a module or a folder of `cli/commands/`, which is imported once it is asked for.

Only click is imported here; everything else when a command needs it.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from kbq_tui import __version__
from kbq_tui.cli import commands
from kbq_tui.cli.click_help import WIDEST
from kbq_tui.cli.click_options import Group, output_options
from kbq_tui.cli.process import COMPLETE_VARIABLE
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import N_, translate

PROGRAM = "kbq-tui"


class Program(Group):
    """The program as a group of commands: a command has the name of its module, which has it under this name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, sorted."""
        return sorted({*super().list_commands(ctx), *(found.name for found in iter_modules(commands.__path__))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None if there is none of that name."""
        if cmd_name not in self.commands and cmd_name in self.list_commands(ctx):
            self.add_command(getattr(import_module(f"{commands.__name__}.{cmd_name}"), cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
    help=translate(
        "Connect Klaviyo to BigQuery.\n\nAlone: the guided set-up, or the dashboard once a connection is set up."
    ),
    examples=(
        ("", N_("the guided set-up, or the dashboard")),
        ("demo", N_("try it without a Google account")),
        ("status", N_("how all connections are")),
    ),
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@output_options
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Without a command, start the guided set-up; with one, pass on the options typed before it."""
    if ctx.invoked_subcommand is None:
        from kbq_tui.cli.command_options import OutputOptions, fill
        from kbq_tui.cli.start import start_command

        ctx.exit(start_command(fill(OutputOptions, options)))
    typed = {k: v for k, v in options.items() if ctx.get_parameter_source(k) is click.core.ParameterSource.COMMANDLINE}
    chosen = cli.get_command(ctx, ctx.invoked_subcommand)
    of_group = dict.fromkeys(chosen.list_commands(ctx), typed) if isinstance(chosen, click.Group) else None
    ctx.default_map = {ctx.invoked_subcommand: typed if of_group is None else of_group}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its status; an unexpected error becomes a message and a log entry."""
    from kbq_tui.cli import process

    if COMPLETE_VARIABLE in os.environ:
        import kbq_tui.cli.shell_completion  # noqa: F401  imported to register its classes
    language.tell_click()
    with process.signals_end():
        status = process.status_of(lambda: cli.main(arguments, PROGRAM, COMPLETE_VARIABLE, standalone_mode=False))
    sys.exit(status)
