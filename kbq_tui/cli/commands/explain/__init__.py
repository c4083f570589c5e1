"""`kbq-tui explain`: cause and remedy of an error."""

import click

from kbq_tui.cli.click_options import TextCommand, json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """The options of `explain`.

    Attributes:
        text: the error, or a problem's code; None or `-` for standard input.
        list_: list every known problem.
    """

    output: OutputOptions
    text: str | None = None
    list_: bool = False


@command(
    ExplainOptions,
    cls=TextCommand,
    help=translate("Explain an error from Google or Klaviyo. TEXT, or - (or nothing) for standard input."),
    examples=(
        ("'Access Denied: Project p: User does not have bigquery.jobs.create'", N_("an error of Google's")),
        ("-", N_("read the error from standard input")),
        ("--list", N_("every problem that is known")),
    ),
    next_step=("explain --list", N_("every problem that is known")),
)
@click.argument("text", required=False)
@click.option("--list", "list_", is_flag=True, help=translate("List every problem that is known."))
@output_options
@json_option
def explain(options: ExplainOptions) -> int:
    """Print cause and remedy of an error, given or read from standard input."""
    from kbq_tui.cli.commands.explain.body import explain_command
    from kbq_tui.cli.context import console_of, known_context

    if options.list_ and options.text is not None:
        raise click.UsageError(translate("--list goes without a text."))
    return explain_command(options, console_of(options.output), lambda: known_context(options.output))
