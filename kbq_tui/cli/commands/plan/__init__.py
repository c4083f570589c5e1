"""`kbq-tui plan`: what `apply` would change."""

import click

from kbq_tui.cli.click_options import (
    absolute,
    connection_options,
    json_option,
    name_argument,
    output_options,
    over_grants_option,
)
from kbq_tui.cli.click_running import Body, command, signed_in
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The options of `plan`.

    Attributes:
        out: the file for the saved plan; None for none.
        remove_over_grants: also plan to remove what the account holds beyond what it needs.
    """

    output: OutputOptions
    connection: ConnectionOptions
    out: str | None = None
    remove_over_grants: bool = False


@command(
    PlanOptions,
    help=translate("Show what would be done. Changes nothing."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu -v", N_("with what is in place already")),
        ("--out shop-eu.plan", N_("save it for kbq-tui apply")),
    ),
    next_step=None,
)
@name_argument
@connection_options
@output_options
@json_option
@over_grants_option
@click.option(
    "--out",
    metavar=translate("FILE"),
    callback=absolute,
    help=translate("Save the plan: 'kbq-tui apply FILE' does just that or nothing."),
)
def plan(options: PlanOptions) -> int:
    """Print what `apply` would change."""

    def body() -> Body[PlanOptions]:
        from kbq_tui.cli.commands.plan.body import plan_command

        return plan_command

    return signed_in(body, options)
