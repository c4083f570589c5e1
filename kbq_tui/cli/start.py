"""What `kbq-tui` alone and `kbq-tui setup` start without any option, for which neither click nor a command is
imported."""

import os

from kbq_tui.cli.bootstrap import connections_of
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.cli.context import CommandContext, failed, options_of


def setup_at_once() -> int:
    """Set up a connection on the screens: `kbq-tui setup` without any option."""
    output = OutputOptions()
    with failed(output):
        return setup_on_screens(output, ConnectionOptions())


def setup_on_screens(output: OutputOptions, connection: ConnectionOptions) -> int:
    """Set up a connection on the screens. Returns the exit status."""
    with CommandContext.of(output, connection, screens=True, may_create=True) as here:
        return here.screens("setup")


def start_command(output: OutputOptions | None = None) -> int:
    """Run the set-up, or the dashboard once it is finished: `kbq-tui` without a command.

    With several connections it is the dashboard, because it is not clear which one is meant.
    """
    from kbq_tui.local.paths import Paths

    output, connection = output or OutputOptions(), ConnectionOptions()
    with failed(output):
        names = connections_of(options_of(connection, output), Paths.from_env(os.environ)).names()
        several = len(names) > 1 and "default" not in names
        if several:
            connection = ConnectionOptions(name=names[0])
        with CommandContext.of(output, connection, screens=True, as_filed=several) as here:
            return here.screens("dashboard" if several else None)
