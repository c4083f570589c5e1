"""What declares a command and runs its body: click's parameters become its options, a connection is built if it needs
one, and problems are printed.

Only click is imported here; everything else when a command needs it.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from kbq_tui.cli.click_options import Example, LanguageCommand
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, fill

if TYPE_CHECKING:
    from kbq_tui.cli.runner import PlainRunner


class WithConnection(Protocol):
    """Options of a command that uses a connection."""

    @property
    def output(self) -> OutputOptions:
        """The options for the output."""

    @property
    def connection(self) -> ConnectionOptions:
        """The options for the connection."""


T = TypeVar("T")
O = TypeVar("O", bound=WithConnection)  # noqa: E741
Body = Callable[[O, "PlainRunner"], int]
"""What a command that uses a connection does; returns its exit status."""


def command(
    kind: type[T],
    name: str | None = None,
    *,
    help: str,  # noqa: A002  as click calls it
    examples: tuple[Example, Example, Example],
    next_step: tuple[str, str] | None,
    cls: type[LanguageCommand] = LanguageCommand,
    group: click.Group | None = None,
) -> Callable[[Callable[[T], int]], LanguageCommand]:
    """Declare a command: what is decorated gets its options, and returns its exit status.

    Args:
        kind: the class of its options, which has a field for each parameter, see `command_options.fill`.
        name: its name; that of the function by default.
        help: what it is for, as its help says; the first sentence stands in the list of commands.
        examples, next_step: as for `LanguageCommand`.
        cls: the class of the command.
        group: the group that it belongs to; None for a command by itself.
    """

    def declare(function: Callable[[T], int]) -> LanguageCommand:
        @functools.wraps(function)
        def run(**parameters: Any) -> None:
            from kbq_tui.cli.context import failed

            with failed(fill(OutputOptions, parameters)):
                status = function(fill(kind, parameters))
            ctx = click.get_current_context()
            if status == 0 and next_step is not None and not parameters.get("as_json"):
                _say_next(next_step, parameters)
            ctx.exit(status)

        declared = click.command(name, cls=cls, help=help, examples=examples, next_step=next_step)(run)
        declared.options_class = kind
        if group is not None:
            group.add_command(declared)
        return declared

    return declare


def _say_next(next_step: tuple[str, str], parameters: dict[str, Any]) -> None:
    from kbq_tui.cli.context import console_of
    from kbq_tui.cli.next_steps import next_line

    console_of(fill(OutputOptions, parameters)).say(next_line(*next_step, parameters))


def on_lines(body: "Body[O]", options: O) -> int:
    """Build everything for a connection and run a command's body with plain output."""
    from kbq_tui.cli.context import CommandContext

    with CommandContext.of(options.output, options.connection) as here:
        return body(options, here.runner)


def signed_in(body: "Callable[[], Body[O]]", options: O, *, changes: bool = False, begin: bool = True) -> int:
    """Do the same for a command that signs in: its body is imported while the token request is under way.

    Args:
        body: imports the command's body.
        options: the command's options.
        changes: whether the command creates things, and may create the connection.
        begin: whether it is certain that the command signs in.
    """
    from kbq_tui.cli.context import CommandContext

    with CommandContext.of(options.output, options.connection, may_create=changes) as here:
        if begin:
            here.spec()  # invalid options are reported before anything is sent
            here.adapters.begin_sign_in(changes=changes)
        return body()(options, here.runner)
