"""Runs a command's body: turns click's parameters into options, builds a connection if needed, and prints problems.

Only click is imported here; everything else when a command needs it.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

if TYPE_CHECKING:
    from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
    from kbq_tui.cli.runner import PlainRunner
    from kbq_tui.model.saved_plan import SavedPlan

T = TypeVar("T")


class WithConnection(Protocol):
    """Options of a command that uses a connection."""

    @property
    def output(self) -> "OutputOptions":
        """The options for the output."""

    @property
    def connection(self) -> "ConnectionOptions":
        """The options for the connection."""


O = TypeVar("O", bound=WithConnection)  # noqa: E741
Body = tuple[type[O], "Callable[[O, PlainRunner], int]"]
"""The class of a command's options, and its body."""


def handled(function: Callable[..., int]) -> Callable[..., None]:
    """Turn what a command returns or raises into an exit status, and print problems."""

    @functools.wraps(function)
    def wrapper(**parameters: Any) -> None:
        from kbq_tui.cli.command_options import OutputOptions
        from kbq_tui.cli.context import failed

        with failed(filled(OutputOptions, parameters)):
            status = function(**parameters)
        ctx = click.get_current_context()
        if status == 0 and not parameters.get("as_json"):
            _say_next(ctx.command, parameters)
        ctx.exit(status)

    return wrapper


def _say_next(command: click.Command, parameters: dict[str, Any]) -> None:
    following: tuple[str, str] | None = getattr(command, "next_step", None)
    if following is not None:
        from kbq_tui.cli.command_options import OutputOptions
        from kbq_tui.cli.context import console_of
        from kbq_tui.cli.next_steps import next_line

        console_of(filled(OutputOptions, parameters)).say(next_line(*following, parameters))


def filled(kind: type[T], parameters: dict[str, Any]) -> T:
    """Create a command's options from click's parameters."""
    from kbq_tui.cli.command_options import fill

    return fill(kind, parameters)


def on_lines(command: "Callable[[O, PlainRunner], int]", options: O, *, may_create: bool = False) -> int:
    """Build everything for a connection and run a command's body with plain output."""
    from kbq_tui.cli.context import CommandContext

    with CommandContext.of(options.output, options.connection, may_create=may_create) as here:
        return command(options, here.runner)


def signed_in(
    body: "Callable[[], Body[O]]", parameters: dict[str, Any], *, changes: bool = False, begin: bool = True
) -> int:
    """Do the same for a command that signs in: its body is imported while the token request is under way.

    Args:
        body: imports the command's options and its body.
        parameters: click's.
        changes: whether the command creates things, and may create the connection.
        begin: whether it is certain that the command signs in.
    """
    from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions
    from kbq_tui.cli.context import CommandContext

    output, connection = filled(OutputOptions, parameters), filled(ConnectionOptions, parameters)
    with CommandContext.of(output, connection, may_create=changes) as here:
        if begin:
            here.spec()  # invalid options are reported before anything is sent
            here.adapters.begin_sign_in(changes=changes)
        kind, command = body()
        return command(filled(kind, parameters), here.runner)


def from_plan_file(parameters: dict[str, Any]) -> "tuple[SavedPlan | None, dict[str, Any]]":
    """Return the saved plan whose file was given in place of the connection's name, and the options that follow from
    it.

    Args:
        parameters: click's.

    Raises:
        UsageError: an option contradicts the plan.
        ProblemError: the file is not a usable saved plan.
    """
    from kbq_tui.local.plan_file import PlanFiles, is_plan_file

    typed = parameters["name"]
    if typed is None or not is_plan_file(typed):
        return None, parameters
    from kbq_tui.cli.command_options import UsageError
    from kbq_tui.i18n.messages import message
    from kbq_tui.model.saved_plan import values_of

    saved = PlanFiles().read(typed)
    fixed = values_of(saved.spec)
    fixed["service_account"] = fixed.pop("account_id")
    for key in (*fixed, "location", "export_dataset", "key_file"):
        if key != "name" and parameters[key] is not None:
            option = "--" + key.replace("_", "-")
            raise UsageError(message("The saved plan has fixed {option}. Leave it out, or plan again.", option=option))
    return saved, {**parameters, **fixed, "remove_over_grants": saved.remove_over_grants}
