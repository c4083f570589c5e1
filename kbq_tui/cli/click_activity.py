"""`kbq-tui activity`, with its options. Only click is imported here; everything else when the command runs."""

from typing import TYPE_CHECKING, Any

import click

from kbq_tui.cli.click_options import (
    LanguageCommand,
    connection_options,
    json_option,
    name_argument,
    output_options,
    period,
)
from kbq_tui.cli.click_running import handled, signed_in
from kbq_tui.i18n.messages import N_, translate

if TYPE_CHECKING:
    from kbq_tui.cli.click_running import Body
    from kbq_tui.cli.commands.activity import ActivityOptions


@click.command(
    cls=LanguageCommand,
    help=translate("Show what Klaviyo has done: its jobs, errors, cost, and what it has left behind."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu --since 48h", N_("jobs of two days")),
        ("--json", N_("for a program to read")),
    ),
    next_step=("status", ""),
)
@name_argument
@click.option(
    "--since",
    metavar="14d",
    default="14d",
    show_default=True,
    callback=period,
    help=translate("For how long jobs are counted: 1h to 180d."),
)
@connection_options
@output_options
@json_option
@handled
def activity(**parameters: Any) -> int:
    """Print what the account's jobs in BigQuery show about Klaviyo's syncs."""

    def body() -> "Body[ActivityOptions]":
        from kbq_tui.cli.commands.activity import ActivityOptions, activity_command

        return ActivityOptions, activity_command

    return signed_in(body, parameters)
