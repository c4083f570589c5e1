"""`kbq-tui setup`: the set-up on the screens, on lines, or from an answers file."""

import click

from kbq_tui.cli.click_options import FILE, connection_options, json_option, name_argument, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """The options of `setup`.

    Attributes:
        plain: ask on lines.
        answers: the path of an answers file.
    """

    output: OutputOptions
    connection: ConnectionOptions
    plain: bool = False
    answers: str | None = None


@command(
    SetupOptions,
    help=translate("Set up a connection, guided."),
    examples=(
        ("", N_("on the screens")),
        ("shop-eu --direction both", N_("a connection of another name")),
        ("--plain", N_("questions line by line")),
    ),
    next_step=None,
)
@name_argument
@click.option("--plain", is_flag=True, help=translate("Questions line by line (also the accessible way)."))
@click.option(
    "--answers",
    metavar=translate("FILE"),
    type=FILE,
    help=translate("Answers to the questions, as TOML; asks nothing."),
)
@connection_options
@output_options
@json_option
def setup(options: SetupOptions) -> int:
    """Set up a connection: on the screens, with questions on plain lines, or from an answers file."""
    if not options.plain and options.answers is None:
        from kbq_tui.cli.start import setup_on_screens

        return setup_on_screens(options.output, options.connection)
    from kbq_tui.cli.commands.setup.body import setup_on_lines

    return setup_on_lines(options)
