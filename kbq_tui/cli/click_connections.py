"""The commands on connection files: `kbq-tui connections …`. Only click is imported here."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

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
from kbq_tui.cli.click_running import filled, handled
from kbq_tui.i18n.messages import N_, translate

if TYPE_CHECKING:
    from kbq_tui.cli.console import Console
    from kbq_tui.cli.machine import Machine
    from kbq_tui.cli.runner import PlainRunner

T = TypeVar("T")


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


def _connections(kind: "type[T]", command: "Callable[[T, Machine, Console], int]", parameters: dict[str, Any]) -> int:
    """Run a command on the connections of this machine."""
    from kbq_tui.cli.command_options import OutputOptions
    from kbq_tui.cli.context import console_of
    from kbq_tui.cli.machine import Machine

    options = filled(kind, parameters)
    return command(options, Machine.here(), console_of(filled(OutputOptions, parameters)))


def _one_connection(
    kind: "type[T]", command: "Callable[[T, Machine, PlainRunner], int]", parameters: dict[str, Any]
) -> int:
    """Run a command that changes one connection of this machine."""
    from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
    from kbq_tui.cli.context import CommandContext
    from kbq_tui.cli.machine import Machine

    options = filled(kind, parameters)
    connection = ConnectionOptions(name=parameters["name"])
    with CommandContext.of(filled(OutputOptions, parameters), connection, as_filed=True, again=True) as here:
        return command(options, Machine.here(), here.runner)


@connections.command(
    "list",
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
@handled
def connections_list(**parameters: Any) -> int:
    """Print a line for each connection, from what this machine knows."""
    from kbq_tui.cli.commands.connections import ListOptions, list_command

    return _connections(ListOptions, list_command, parameters)


@connections.command(
    "show",
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
@handled
def connections_show(**parameters: Any) -> int:
    """Print each value with its origin."""
    from kbq_tui.cli.commands.connections import ShowOptions, show_command
    from kbq_tui.cli.context import CommandContext, console_of

    options = filled(ShowOptions, parameters)
    with CommandContext.of(options.output, options.connection, again=True) as here:
        return show_command(options, here.adapters, console_of(options.output))


@connections.command(
    "rename",
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
@handled
def connections_rename(**parameters: Any) -> int:
    """Rename a connection, after a question or with `--yes`."""
    from kbq_tui.cli.commands.connections import RenameOptions
    from kbq_tui.cli.connection_changes import rename_command

    return _one_connection(RenameOptions, rename_command, parameters)


@connections.command(
    "remove",
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
@handled
def connections_remove(**parameters: Any) -> int:
    """Remove a connection's files, after a question or with `--yes`."""
    from kbq_tui.cli.commands.connections import RemoveOptions
    from kbq_tui.cli.connection_changes import remove_command

    return _one_connection(RemoveOptions, remove_command, parameters)


@connections.command(
    "import",
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
@handled
def connections_import(**parameters: Any) -> int:
    """Create connections from a list."""
    from kbq_tui.cli.commands.connections import ImportOptions
    from kbq_tui.cli.connection_changes import import_command

    return _connections(ImportOptions, import_command, parameters)


@connections.command(
    "export",
    help=translate("Print connections as CSV that import takes."),
    examples=(("", N_("all of them")), ("shop-eu shop-us", N_("these two")), ("--json", N_("for a program to read"))),
    next_step=("connections validate", ""),
)
@names_argument
@output_options
@json_option
@handled
def connections_export(**parameters: Any) -> int:
    """Print all connections, or some, as a list."""
    from kbq_tui.cli.commands.connections import NamesOptions, export_command

    return _connections(NamesOptions, export_command, parameters)


@connections.command(
    "validate",
    help=translate("See whether connection files can be used."),
    examples=(("", N_("all of them")), ("shop-eu", N_("one of them")), ("--json", N_("for a program to read"))),
    next_step=("status --all", ""),
)
@names_argument
@output_options
@json_option
@handled
def connections_validate(**parameters: Any) -> int:
    """Read connection files, and report what is wrong with them."""
    from kbq_tui.cli.commands.connections import NamesOptions, validate_command

    return _connections(NamesOptions, validate_command, parameters)


@connections.command(
    "diff",
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
@handled
def connections_diff(**parameters: Any) -> int:
    """Print the values of two connections side by side."""
    from kbq_tui.cli.commands.connections import DiffOptions, diff_command

    return _connections(DiffOptions, diff_command, parameters)
