"""`kbq-tui verify`: run all checks with the service account's own key."""

import click

from kbq_tui.cli.click_options import connection_options, json_option, name_argument, output_options, valid_report
from kbq_tui.cli.click_running import Body, command, signed_in
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """The options of `verify`.

    Attributes:
        report: a file for a report; its kind follows from the end of its name.
    """

    output: OutputOptions
    connection: ConnectionOptions
    report: str | None = None


@command(
    VerifyOptions,
    help=translate("Run every check with the very key that Klaviyo holds."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu --report shop-eu.html", N_("with a report to hand on")),
        ("--json", N_("for a program to read")),
    ),
    next_step=None,
)
@name_argument
@connection_options
@output_options
@json_option
@click.option(
    "--report", metavar=translate("FILE"), callback=valid_report, help=translate("Write a report: .md, .html or .json.")
)
def verify(options: VerifyOptions) -> int:
    """Try everything with the service account's own key, and print a verdict on each check."""

    def body() -> Body[VerifyOptions]:
        from kbq_tui.cli.commands.verify.body import verify_command

        return verify_command

    return signed_in(body, options, begin=options.report is None)  # the destination is checked first
