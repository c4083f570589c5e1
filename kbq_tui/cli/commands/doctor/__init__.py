"""`kbq-tui doctor`: what a bug report needs, without secrets: terminal, credentials, reachability, versions, folders,
log."""

from kbq_tui.cli.click_options import connection_options, json_option, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The options of `doctor`."""

    output: OutputOptions
    connection: ConnectionOptions


@command(
    DoctorOptions,
    help=translate("Say what a bug report needs: terminal, credentials, reachability, versions, log. No secrets."),
    examples=(
        ("", N_("for a bug report")),
        ("--json", N_("for a program to read")),
        ("--credentials ./key.json", N_("with other credentials")),
    ),
    next_step=("setup", N_("where nothing is in the way")),
)
@connection_options
@output_options
@json_option
def doctor(options: DoctorOptions) -> int:
    """Print how this machine, its settings and files look to kbq-tui."""
    from kbq_tui.cli.commands.doctor.body import doctor_command
    from kbq_tui.cli.context import CommandContext

    with CommandContext.of(options.output, options.connection, despite_files=True) as here:
        return doctor_command(options, here)
