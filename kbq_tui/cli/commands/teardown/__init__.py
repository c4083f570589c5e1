"""`kbq-tui teardown`: remove what we created, and nothing else."""

import click

from kbq_tui.cli.click_options import (
    confirm_option,
    connection_options,
    json_option,
    name_argument,
    output_options,
    yes_option,
)
from kbq_tui.cli.click_running import command, on_lines
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class TeardownOptions:
    """The options of `teardown`.

    Attributes:
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
        with_data: also delete datasets that are not empty.
        dry_run: show the plan, and change nothing.
    """

    output: OutputOptions
    connection: ConnectionOptions
    yes: bool = False
    confirm: str | None = None
    with_data: bool = False
    dry_run: bool = False


@command(
    TeardownOptions,
    help=translate("Take away what kbq-tui made for a connection, and nothing else, after a preview and a yes."),
    examples=(
        ("--dry-run", N_("show what would be taken away")),
        ("shop-eu", N_("after a question")),
        ("shop-eu --with-data --confirm shop-eu", N_("with the tables in its datasets")),
    ),
    next_step=None,
)
@name_argument
@connection_options
@output_options
@json_option
@yes_option
@confirm_option
@click.option(
    "--with-data",
    is_flag=True,
    help=translate("Datasets that are not empty, too: their tables are deleted for good. Wants the name typed."),
)
@click.option("--dry-run", is_flag=True, help=translate("Show what would be taken away. Changes nothing."))
def teardown(options: TeardownOptions) -> int:
    """Delete keys, roles, the account and datasets that were created here, after a question or with `--yes`."""
    from kbq_tui.cli.commands.teardown.body import teardown_command

    return on_lines(teardown_command, options)
