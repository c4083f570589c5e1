"""The commands that set up a connection, check it and remove it. Only click is imported here."""

from typing import TYPE_CHECKING, Any

import click

from kbq_tui.cli.click_options import (
    FILE,
    LanguageCommand,
    absolute,
    confirm_option,
    connection_names,
    connection_options,
    json_option,
    name_argument,
    name_or_plan,
    output_options,
    over_grants_option,
    valid_report,
    yes_option,
)
from kbq_tui.cli.click_running import Body, filled, from_plan_file, handled, on_lines, signed_in
from kbq_tui.i18n.messages import N_, translate

if TYPE_CHECKING:
    from kbq_tui.cli.commands.apply import ApplyOptions
    from kbq_tui.cli.commands.plan import PlanOptions
    from kbq_tui.cli.commands.verify import VerifyOptions


@click.command(
    cls=LanguageCommand,
    help=translate("Set up a connection, guided."),
    examples=(
        ("", N_("on the screens")),
        ("shop-eu --direction both", N_("a connection of another name")),
        ("--plain", N_("questions line by line")),
    ),
    next_step=None,
)
@name_argument
@click.option("--plain", is_flag=True, help=translate("Questions line by line (also the accessible way)."))
@click.option(
    "--answers",
    metavar=translate("FILE"),
    type=FILE,
    help=translate("Answers to the questions, as TOML; asks nothing."),
)
@connection_options
@output_options
@json_option
@handled
def setup(**parameters: Any) -> int:
    """Set up a connection: on the screens, with questions on plain lines, or from an answers file."""
    from kbq_tui.cli.commands.setup import SetupOptions, setup_command

    return setup_command(filled(SetupOptions, parameters))


@click.command(
    cls=LanguageCommand,
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
@handled
def plan(**parameters: Any) -> int:
    """Print what `apply` would change."""

    def body() -> "Body[PlanOptions]":
        from kbq_tui.cli.commands.plan import PlanOptions, plan_command

        return PlanOptions, plan_command

    return signed_in(body, parameters)


@click.command(
    cls=LanguageCommand,
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
@handled
def apply(**parameters: Any) -> int:
    """Make the changes, after a question or with `--yes`."""
    saved, parameters = from_plan_file(parameters)

    def body() -> "Body[ApplyOptions]":
        from kbq_tui.cli.commands.apply import ApplyOptions, apply_command

        return ApplyOptions, lambda options, runner: apply_command(options, runner, saved)

    return signed_in(body, parameters, changes=True, begin=parameters["yes"] or parameters["confirm"] is not None)


@click.command(
    cls=LanguageCommand,
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
@handled
def verify(**parameters: Any) -> int:
    """Try everything with the service account's own key, and print a verdict on each check."""

    def body() -> "Body[VerifyOptions]":
        from kbq_tui.cli.commands.verify import VerifyOptions, verify_command

        return VerifyOptions, verify_command

    return signed_in(body, parameters, begin=parameters["report"] is None)  # the destination is checked first


@click.command(
    cls=LanguageCommand,
    help=translate("Print the three values for Klaviyo again; Google is not asked."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("--json", N_("for a program to read")),
    ),
    next_step=("key shred", N_("once Klaviyo has the key")),
)
@name_argument
@connection_options
@output_options
@json_option
@handled
def values(**parameters: Any) -> int:
    """Print the values for Klaviyo, as this machine knows them."""
    from kbq_tui.cli.commands.values import ValuesOptions, values_command

    return on_lines(values_command, filled(ValuesOptions, parameters))


@click.command(
    cls=LanguageCommand,
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
@handled
def teardown(**parameters: Any) -> int:
    """Delete keys, roles, the account and datasets that were created here, after a question or with `--yes`."""
    from kbq_tui.cli.commands.teardown import TeardownOptions, teardown_command

    return on_lines(teardown_command, filled(TeardownOptions, parameters))


@click.command(
    cls=LanguageCommand,
    help=translate("Print the plan for those who must apply it otherwise."),
    examples=(
        ("gcloud", N_("a script of gcloud and bq")),
        ("sql shop-eu", N_("statements for BigQuery's console")),
        ("terraform", N_("a configuration for Terraform")),
    ),
    next_step=("verify", N_("once somebody has run it")),
)
@click.argument("format_", metavar="gcloud|sql|terraform", type=click.Choice(("gcloud", "sql", "terraform")))
@name_argument
@connection_options
@output_options
@handled
def export(**parameters: Any) -> int:
    """Print the plan as gcloud, bq, SQL or Terraform."""
    from kbq_tui.cli.commands.export import ExportOptions, export_command

    return on_lines(export_command, filled(ExportOptions, parameters))


SETUP_COMMANDS = (setup, plan, apply, verify, values, teardown, export)
"""The commands of this module."""
