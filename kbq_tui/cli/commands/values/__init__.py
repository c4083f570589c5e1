"""`kbq-tui values`: the three values for Klaviyo, once more. Google is not called."""

from kbq_tui.cli.click_options import connection_options, json_option, name_argument, output_options
from kbq_tui.cli.click_running import command, on_lines
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ValuesOptions:
    """The options of `values`."""

    output: OutputOptions
    connection: ConnectionOptions


@command(
    ValuesOptions,
    help=translate("Print the three values for Klaviyo again; Google is not asked."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--json", N_("for a program to read")),
    ),
    next_step=None,
)
@name_argument
@connection_options
@output_options
@json_option
def values(options: ValuesOptions) -> int:
    """Print the values for Klaviyo, as this machine knows them."""
    from kbq_tui.cli.commands.values.body import values_command

    return on_lines(values_command, options)
