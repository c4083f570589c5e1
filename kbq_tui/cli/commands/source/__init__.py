"""`kbq-tui source`: which tables are ready for Klaviyo, and what is wrong with the others."""

import click

from kbq_tui.cli.click_options import (
    absolute,
    connection_name_option,
    connection_options,
    json_option,
    output_options,
    valid_report,
    yes_option,
)
from kbq_tui.cli.click_running import command, on_lines
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.source.defaults import MAX_BYTES


def valid_choices(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse anything but ROLE=COLUMN."""
    from kbq_tui.engine.source_looks import PROPERTIES
    from kbq_tui.model.source import Role

    known = [*(role.value for role in Role), PROPERTIES]
    for each in value:
        role, equals, _ = each.partition("=")
        if not equals or role not in known:
            raise click.BadParameter(translate("It is ROLE=COLUMN; the roles are {roles}.", roles=", ".join(known)))
    return value


def valid_view(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse a name that would need quoting wherever the view is read; BigQuery accepts more."""
    if value is not None:
        from kbq_tui.source.view_sql import view_name_fault

        if (fault := view_name_fault(value)) is not None:
            raise click.BadParameter(render(fault))
    return value


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """The options of `source`.

    Attributes:
        tables: their names; empty for all.
        as_: what they are meant for; None for any use.
        all_: check every table, however many there are.
        dry_run: only say what counting would read.
        max_bytes: the most bytes that counting one table may read.
        examples: show masked examples.
        report: a file for a report; its kind follows from the end of its name.
        bad_rows: a file for the keys of refused rows.
        map_: the roles of columns of the one table, as `ROLE=COLUMN`.
        view: the name of a view to be created from the one table.
        yes: create the view without a question.
    """

    output: OutputOptions
    connection: ConnectionOptions
    tables: tuple[str, ...] = ()
    as_: str | None = None
    all_: bool = False
    dry_run: bool = False
    max_bytes: int = MAX_BYTES
    examples: bool = False
    report: str | None = None
    bad_rows: str | None = None
    map_: tuple[str, ...] = ()
    view: str | None = None
    yes: bool = False


@command(
    SourceOptions,
    help=translate("Check whether tables are ready for Klaviyo, with the very key that it holds."),
    examples=(
        ("", N_("every table of the default connection")),
        ("customers --as profiles --examples", N_("one table, with masked examples")),
        ("--connection shop-eu --bad-rows bad.csv", N_("the rows that Klaviyo would refuse")),
    ),
    next_step=("values", N_("to connect Klaviyo")),
)
@click.argument("tables", metavar=f"[{translate('TABLE')}]...", nargs=-1)
@connection_name_option
@click.option(
    "--as",
    "as_",
    type=click.Choice(("profiles", "events", "objects")),
    help=translate("What they are meant for; as their columns suggest by default."),
)
@click.option(
    "--map",
    "map_",
    multiple=True,
    metavar=translate("ROLE=COLUMN"),
    callback=valid_choices,
    help=translate("Say what a column of one TABLE is for; kept with the connection. ROLE= for none, properties=A,B."),
)
@click.option(
    "--view",
    metavar="NAME",
    callback=valid_view,
    help=translate("Show a view of one TABLE that Klaviyo can use, and make it after a yes, with your own login."),
)
@click.option("--all", "all_", is_flag=True, help=translate("Every table; the first 300 by default."))
@click.option("--dry-run", is_flag=True, help=translate("Say what counting would read. Counts nothing."))
@click.option(
    "--max-bytes",
    metavar="N",
    type=click.IntRange(1),
    default=MAX_BYTES,
    show_default=True,
    help=translate("What counting one table may read; BigQuery refuses more at no cost."),
)
@click.option("--examples", is_flag=True, help=translate("Show masked examples of what is wrong."))
@click.option(
    "--report", metavar=translate("FILE"), callback=valid_report, help=translate("Write a report: .md, .html or .json.")
)
@click.option(
    "--bad-rows",
    metavar=translate("FILE"),
    callback=absolute,
    help=translate("Write the keys of rows that Klaviyo would refuse, and why (CSV). They are not masked."),
)
@connection_options
@output_options
@json_option
@yes_option
def source(options: SourceOptions) -> int:
    """Check the tables that Klaviyo is to read, and report which of them are ready."""
    from kbq_tui.cli.commands.source.body import source_command

    return on_lines(source_command, options)
