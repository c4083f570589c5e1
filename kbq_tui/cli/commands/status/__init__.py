"""`kbq-tui status`: whether connections still work."""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from kbq_tui.cli.click_options import absolute, connection_options, json_option, names_argument, output_options
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kbq_tui.cli.runner import PlainRunner


def seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return a time such as `30s`, `5m` or `1h` in seconds; a number alone is seconds."""
    if value is None:
        return None
    from kbq_tui.model.interval import REFUSED, interval_seconds

    if (found := interval_seconds(value)) is None:
        raise click.BadParameter(translate(REFUSED))
    return found


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """The options of `status`.

    Attributes:
        names: the connections; empty for the default one, or all.
        all_: all connections.
        watch: read again and again.
        interval: seconds between two looks; None for the default.
        on_change: a command that gets each change, as JSON on its standard input; None for none.
        nagios: print the line of a monitoring plugin, and exit with its status.
        prometheus: the file for metrics; None for none.
    """

    output: OutputOptions
    connection: ConnectionOptions
    names: tuple[str, ...] = ()
    all_: bool = False
    watch: bool = False
    interval: float | None = None
    on_change: str | None = None
    nagios: bool = False
    prometheus: str | None = None

    @property
    def reports(self) -> bool:
        """Whether the output is for a program, not for a person at the terminal."""
        return self.nagios or self.on_change is not None or self.prometheus is not None


@command(
    StatusOptions,
    help=translate("Tell whether a connection is still ok."),
    examples=(
        ("", N_("a line for each connection")),
        ("shop-eu", N_("each part of one")),
        ("--watch --interval 5m", N_("again and again")),
    ),
    next_step=None,
)
@names_argument
@click.option("--all", "all_", is_flag=True, help=translate("Every connection there is."))
@click.option("--watch", is_flag=True, help=translate("Look again every minute, until interrupted."))
@click.option(
    "--interval",
    metavar="30s",
    callback=seconds,
    help=translate("Time between two looks with --watch: 30s, 5m or 1h."),
)
@click.option(
    "--on-change",
    metavar=translate("COMMAND"),
    help=translate("Tell a command of each change once: JSON on its standard input."),
)
@click.option("--nagios", is_flag=True, help=translate("Print a monitoring plugin's line; exit status 0 to 3."))
@click.option(
    "--prometheus",
    metavar=translate("FILE"),
    callback=absolute,
    help=translate("Write metrics for the textfile collector."),
)
@connection_options
@output_options
@json_option
def status(options: StatusOptions) -> int:
    """Print the status of connections, once or repeatedly."""
    from kbq_tui.cli.commands.status.body import status_command
    from kbq_tui.cli.commands.status.many_connections import many_looks, unknown_to_nagios, wanted_connections
    from kbq_tui.cli.context import CommandContext, console_of

    if options.interval is not None and not options.watch:
        raise click.UsageError(translate("--interval goes with --watch."))
    if options.nagios and (options.watch or options.output.as_json):
        raise click.UsageError(translate("--nagios goes without --watch and --json."))
    output, connection = options.output, options.connection
    with unknown_to_nagios(console_of(output)) if options.nagios else nullcontext():
        wanted = wanted_connections(options.names, connection, output, every=options.all_)
        as_filed, told = len(wanted) > 1 or options.all_, set[str]()

        @contextmanager
        def one(name: str | None) -> "Iterator[PlainRunner]":
            with CommandContext.of(output, replace(connection, name=name), as_filed=as_filed, told=told) as here:
                here.spec()  # invalid options are reported before anything is sent
                here.adapters.begin_sign_in(changes=False)
                yield here.runner

        many = partial(many_looks, connection, output, as_filed=as_filed)
        return status_command(options, wanted, one, many, console_of(output))
