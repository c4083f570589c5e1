"""`kbq-tui activity`: what Klaviyo has done, according to the account's jobs in BigQuery."""

from datetime import timedelta

import click

from kbq_tui.cli.click_options import connection_options, json_option, name_argument, output_options
from kbq_tui.cli.click_running import Body, command, signed_in
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


def period(ctx: click.Context, param: click.Parameter, value: str) -> timedelta:
    """Return a time such as `14d` or `48h`."""
    from kbq_tui.model.interval import NO_PERIOD
    from kbq_tui.model.interval import period as parsed

    if (found := parsed(value)) is None:
        raise click.BadParameter(translate(NO_PERIOD))
    return found


@dataclass(frozen=True, slots=True)
class ActivityOptions:
    """The options of `activity`.

    Attributes:
        since: the period for which jobs are counted.
    """

    output: OutputOptions
    connection: ConnectionOptions
    since: timedelta = timedelta(days=14)


@command(
    ActivityOptions,
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
def activity(options: ActivityOptions) -> int:
    """Print what the account's jobs in BigQuery show about Klaviyo's syncs."""

    def body() -> Body[ActivityOptions]:
        from kbq_tui.cli.commands.activity.body import activity_command

        return activity_command

    return signed_in(body, options)
