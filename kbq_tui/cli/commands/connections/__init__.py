"""`kbq-tui connections`: what this machine knows of its connections."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from kbq_tui.cli.click_options import (
    FILE,
    Group,
    confirm_option,
    connection_names,
    connection_options,
    json_option,
    name_argument,
    names_argument,
    output_options,
    valid_name,
    yes_option,
)
from kbq_tui.cli.click_running import command
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:
    from kbq_tui.cli.commands.connections.machine import Machine
    from kbq_tui.cli.console import Console
    from kbq_tui.cli.runner import PlainRunner


M = TypeVar("M", "ListOptions", "NamesOptions", "DiffOptions", "ImportOptions")
N = TypeVar("N", "RenameOptions", "RemoveOptions")


@click.group(
    cls=Group,
    help=translate("What this machine knows of its connections."),
    examples=(
        ("list", N_("which connections there are")),
        ("show shop-eu", N_("each value of one, with its origin")),
        ("import clients.csv", N_("one for each row of a file")),
    ),
)
def connections() -> None:
    """The group of commands on connection files."""


def _on_machine(body: "Callable[[M, Machine, Console], int]", options: M) -> int:
    """Run a command's body on the connections of this machine."""
    from kbq_tui.cli.commands.connections.machine import Machine
    from kbq_tui.cli.context import console_of

    return body(options, Machine.here(), console_of(options.output))


def _on_one(body: "Callable[[N, Machine, PlainRunner], int]", options: N) -> int:
    """Run the body of a command that changes one connection of this machine."""
    from kbq_tui.cli.commands.connections.machine import Machine
    from kbq_tui.cli.context import CommandContext

    connection = ConnectionOptions(name=options.name)
    with CommandContext.of(options.output, connection, as_filed=True, again=True) as here:
        return body(options, Machine.here(), here.runner)


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The options of `connections list`."""

    output: OutputOptions


@command(
    ListOptions,
    "list",
    group=connections,
    help=translate("List the connections of this machine; Google is not asked."),
    examples=(
        ("", N_("as a table")),
        ("--json", N_("for a program to read")),
        ("--ascii", N_("with ASCII characters")),
    ),
    next_step=("status --all", ""),
)
@output_options
@json_option
def connections_list(options: ListOptions) -> int:
    """Print a line for each connection, from what this machine knows."""
    from kbq_tui.cli.commands.connections.body import list_command

    return _on_machine(list_command, options)


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """The options of `connections show`."""

    output: OutputOptions
    connection: ConnectionOptions


@command(
    ShowOptions,
    "show",
    group=connections,
    help=translate("Show each value of a connection, and where it comes from."),
    examples=(
        ("", N_("the default connection")),
        ("shop-eu", N_("another one")),
        ("shop-eu --json", N_("for a program to read")),
    ),
    next_step=("status", ""),
)
@name_argument
@connection_options
@output_options
@json_option
def connections_show(options: ShowOptions) -> int:
    """Print each value with its origin."""
    from kbq_tui.cli.commands.connections.body import show_command
    from kbq_tui.cli.context import CommandContext, console_of

    with CommandContext.of(options.output, options.connection, again=True) as here:
        return show_command(options, here.adapters, console_of(options.output))


@dataclass(frozen=True, slots=True)
class RenameOptions:
    """The options of `connections rename`.

    Attributes:
        name: the connection.
        new_name: its new name.
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
    """

    output: OutputOptions
    name: str
    new_name: str
    yes: bool = False
    confirm: str | None = None


@command(
    RenameOptions,
    "rename",
    group=connections,
    help=translate("Give a connection another name, on this machine only."),
    examples=(
        ("default shop-eu", N_("after a question")),
        ("default shop-eu --yes", N_("without a question")),
        ("default shop-eu --yes --json", N_("for a program to read")),
    ),
    next_step=("connections list", ""),
)
@click.argument("name", callback=valid_name, shell_complete=connection_names)
@click.argument("new_name", metavar=translate("NEW_NAME"), callback=valid_name)
@output_options
@yes_option
@confirm_option
@json_option
def connections_rename(options: RenameOptions) -> int:
    """Rename a connection, after a question or with `--yes`."""
    from kbq_tui.cli.commands.connections.changes import rename_command

    return _on_one(rename_command, options)


@dataclass(frozen=True, slots=True)
class RemoveOptions:
    """The options of `connections remove`.

    Attributes:
        name: the connection.
        yes: do it without a question.
        confirm: the connection's name, typed as the answer to that question.
    """

    output: OutputOptions
    name: str
    yes: bool = False
    confirm: str | None = None


@command(
    RemoveOptions,
    "remove",
    group=connections,
    help=translate("Forget a connection on this machine. At Google everything stays."),
    examples=(
        ("shop-eu", N_("after a question")),
        ("shop-eu --yes", N_("without a question")),
        ("shop-eu --yes --json", N_("for a program to read")),
    ),
    next_step=("connections list", ""),
)
@click.argument("name", callback=valid_name, shell_complete=connection_names)
@output_options
@yes_option
@confirm_option
@json_option
def connections_remove(options: RemoveOptions) -> int:
    """Remove a connection's files, after a question or with `--yes`."""
    from kbq_tui.cli.commands.connections.changes import remove_command

    return _on_one(remove_command, options)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of `connections import`.

    Attributes:
        file: the list, as CSV.
    """

    output: OutputOptions
    file: str


@command(
    ImportOptions,
    "import",
    group=connections,
    help=translate("Make connections of a CSV file: all of them, or none."),
    examples=(
        ("clients.csv", N_("all of them, or none")),
        ("clients.csv --json", N_("for a program to read")),
        ("clients.csv --no-color", N_("without colours")),
    ),
    next_step=None,
)
@click.argument("file", metavar=translate("FILE"), type=FILE)
@output_options
@json_option
def connections_import(options: ImportOptions) -> int:
    """Create connections from a list."""
    from kbq_tui.cli.commands.connections.changes import import_command

    return _on_machine(import_command, options)


@dataclass(frozen=True, slots=True)
class NamesOptions:
    """The options of `connections export` and `connections validate`.

    Attributes:
        names: the connections; empty for all.
    """

    output: OutputOptions
    names: tuple[str, ...] = ()


@command(
    NamesOptions,
    "export",
    group=connections,
    help=translate("Print connections as CSV that import takes."),
    examples=(("", N_("all of them")), ("shop-eu shop-us", N_("these two")), ("--json", N_("for a program to read"))),
    next_step=("connections validate", ""),
)
@names_argument
@output_options
@json_option
def connections_export(options: NamesOptions) -> int:
    """Print all connections, or some, as a list."""
    from kbq_tui.cli.commands.connections.body import export_command

    return _on_machine(export_command, options)


@command(
    NamesOptions,
    "validate",
    group=connections,
    help=translate("See whether connection files can be used."),
    examples=(("", N_("all of them")), ("shop-eu", N_("one of them")), ("--json", N_("for a program to read"))),
    next_step=("status --all", ""),
)
@names_argument
@output_options
@json_option
def connections_validate(options: NamesOptions) -> int:
    """Read connection files, and report what is wrong with them."""
    from kbq_tui.cli.commands.connections.body import validate_command

    return _on_machine(validate_command, options)


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """The options of `connections diff`.

    Attributes:
        one, other: the connections' names.
    """

    output: OutputOptions
    one: str
    other: str


@command(
    DiffOptions,
    "diff",
    group=connections,
    help=translate("Show in what two connections differ."),
    examples=(
        ("shop-eu shop-us", N_("in what they differ")),
        ("shop-eu shop-us --json", N_("for a program to read")),
        ("shop-eu shop-us --no-color", N_("without colours")),
    ),
    next_step=("connections list", ""),
)
@click.argument("one", metavar=translate("ONE"), callback=valid_name, shell_complete=connection_names)
@click.argument("other", metavar=translate("OTHER"), callback=valid_name, shell_complete=connection_names)
@output_options
@json_option
def connections_diff(options: DiffOptions) -> int:
    """Print the values of two connections side by side."""
    from kbq_tui.cli.commands.connections.body import diff_command

    return _on_machine(diff_command, options)
