"""`kbq-tui schema`: the JSON Schema of each output. They are in `kbq_tui/schemas`, one file each."""

import click

from kbq_tui.cli.click_options import json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SchemaOptions:
    """The options of `schema`.

    Attributes:
        schema_name: the output, such as `plan`; None to list them.
    """

    output: OutputOptions
    schema_name: str | None = None


def _beginning(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of the schemas that begin with what was typed, for a shell's completion."""
    from kbq_tui.cli.commands.schema.body import names

    return [name for name in names() if name.startswith(incomplete)]


@command(
    SchemaOptions,
    help=translate("Print the JSON Schema of an output, or list them."),
    examples=(("", N_("list the outputs")), ("plan", N_("the schema of one")), ("--json", N_("the list as JSON"))),
    next_step=("schema plan", N_("the schema of one output")),
)
@click.argument("schema_name", metavar="[NAME]", required=False, shell_complete=_beginning)
@output_options
@json_option
def schema(options: SchemaOptions) -> int:
    """Print the schema of an output, or the list of schemas."""
    from kbq_tui.cli.commands.schema.body import schema_command
    from kbq_tui.cli.context import console_of

    return schema_command(options, console_of(options.output))
