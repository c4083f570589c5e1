"""`kbq-tui apply`: do what is missing."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from kbq_tui.cli.click_options import (
    confirm_option,
    connection_names,
    connection_options,
    json_option,
    output_options,
    over_grants_option,
    valid,
    yes_option,
)
from kbq_tui.cli.click_running import Body, command, signed_in
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, UsageError
from kbq_tui.i18n.messages import N_, message, translate
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.model.saved_plan import SavedPlan


def name_or_plan(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return a connection's name, or the path of a saved plan. Refuses anything else."""
    if value is None:
        return None
    from kbq_tui.local.plan_file import is_plan_file

    return value if is_plan_file(value) else valid(ctx, param, value)


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The options of `apply`.

    Attributes:
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
        remove_over_grants: also remove what the account holds beyond what it needs.
    """

    output: OutputOptions
    connection: ConnectionOptions
    yes: bool = False
    confirm: str | None = None
    remove_over_grants: bool = False


@command(
    ApplyOptions,
    help=translate("Do what is missing, or a saved plan, after a preview and a yes."),
    examples=(
        ("", N_("shows the plan, and asks")),
        ("shop-eu --yes", N_("without a question, as in a pipeline")),
        ("./shop-eu.plan", N_("just what a saved plan says")),
    ),
    next_step=None,
)
@click.argument(
    "name",
    metavar=f"[{translate('NAME|PLAN_FILE')}]",
    required=False,
    callback=name_or_plan,
    shell_complete=connection_names,
)
@connection_options
@output_options
@yes_option
@confirm_option
@json_option
@over_grants_option
def apply(options: ApplyOptions) -> int:
    """Make the changes, after a question or with `--yes`."""
    saved, options = from_plan_file(options)

    def body() -> Body[ApplyOptions]:
        from kbq_tui.cli.commands.apply.body import apply_command

        return lambda options, runner: apply_command(options, runner, saved)

    return signed_in(body, options, changes=True, begin=options.yes or options.confirm is not None)


def from_plan_file(options: ApplyOptions) -> "tuple[SavedPlan | None, ApplyOptions]":
    """Return the saved plan whose file was given in place of the connection's name, and the options that follow from
    it.

    Raises:
        UsageError: an option contradicts the plan.
        ProblemError: the file is not a usable saved plan.
    """
    from kbq_tui.local.plan_file import PlanFiles, is_plan_file

    connection = options.connection
    if connection.name is None or not is_plan_file(connection.name):
        return None, options
    from kbq_tui.model.saved_plan import values_of

    saved = PlanFiles().read(connection.name)
    fixed: dict[str, Any] = {**values_of(saved.spec)}
    fixed["service_account"] = fixed.pop("account_id")
    for key in (*fixed, "location", "export_dataset", "key_file"):
        if key != "name" and getattr(connection, key) is not None:
            option = "--" + key.replace("_", "-")
            raise UsageError(message("The saved plan has fixed {option}. Leave it out, or plan again.", option=option))
    connection = replace(connection, **fixed)
    return saved, replace(options, connection=connection, remove_over_grants=saved.remove_over_grants)
