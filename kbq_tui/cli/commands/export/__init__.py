"""`kbq-tui export`: the plan for those who have to apply it in another way."""

import click

from kbq_tui.cli.click_options import connection_options, name_argument, output_options
from kbq_tui.cli.click_running import command, on_lines
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass

FORMATS = ("gcloud", "sql", "terraform")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `export`.

    Attributes:
        format_: one of `FORMATS`.
    """

    output: OutputOptions
    connection: ConnectionOptions
    format_: str


@command(
    ExportOptions,
    help=translate("Print the plan for those who must apply it otherwise."),
    examples=(
        ("gcloud", N_("a script of gcloud and bq")),
        ("sql shop-eu", N_("statements for BigQuery's console")),
        ("terraform", N_("a configuration for Terraform")),
    ),
    next_step=None,
)
@click.argument("format_", metavar="|".join(FORMATS), type=click.Choice(FORMATS))
@name_argument
@connection_options
@output_options
def export(options: ExportOptions) -> int:
    """Print the plan as gcloud, bq, SQL or Terraform."""
    from kbq_tui.cli.commands.export.body import export_command

    return on_lines(export_command, options)
