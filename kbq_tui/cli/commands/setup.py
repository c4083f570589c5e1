"""`kbq-tui setup`, and `kbq-tui` alone: the set-up on the screens, on lines, or from an answers file."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kbq_tui.cli.bootstrap import connections_of
from kbq_tui.cli.command_options import ConnectionOptions, OutputOptions, UsageError
from kbq_tui.cli.context import CommandContext, console_of, failed, options_of
from kbq_tui.i18n.messages import message
from kbq_tui.model.lean_dataclass import dataclass

if TYPE_CHECKING:  # not imported if screens come next
    from kbq_tui.cli.prompts import Asker


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """The options of `setup`.

    Attributes:
        plain: ask on lines.
        answers: the path of an answers file.
    """

    output: OutputOptions
    connection: ConnectionOptions
    plain: bool = False
    answers: str | None = None


def setup_command(options: SetupOptions) -> int:
    """Set up a connection.

    Returns:
        0; 6 if a check does not pass; else the exit status of what blocks it.
    """
    screens = not options.plain and options.answers is None
    # The questions begin with the notices themselves, in the same stream.
    with CommandContext.of(
        options.output, options.connection, screens=screens, again=not screens, may_create=True
    ) as here:
        return here.screens("setup") if screens else _on_lines(here, options.answers)


def setup_at_once() -> int:
    """Set up a connection on the screens: `kbq-tui setup` without any option, for which click is not imported."""
    output = OutputOptions()
    with failed(output):
        return setup_command(SetupOptions(output, ConnectionOptions()))


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


def _on_lines(here: CommandContext, answers: str | None) -> int:
    """Ask on lines, or take the answers from a file."""
    from kbq_tui.cli.answers_file import AnswersError, FromFile
    from kbq_tui.cli.guided import GuidedSetup
    from kbq_tui.cli.prompts import MAX_PASTED, FromLines, NoAnswerError

    as_json = here.output.as_json
    console = console_of(here.output, together=not as_json)
    asker: Asker
    if answers is None:
        asker = FromLines(console, sys.stdin.readline)
    else:
        try:
            with Path(answers).open(encoding="utf-8", errors="replace") as file:
                asker = FromFile(console, file.read(MAX_PASTED), answers)  # reading /dev/zero would never end
        except (AnswersError, OSError) as error:
            raise UsageError(str(error)) from None
    with here.lock():
        runner = replace(here.runner, console=console, confirm=asker.confirm)
        guided = GuidedSetup(runner, asker, here.adapters.typed)
        try:
            return guided.run(as_json)
        except AnswersError as error:
            raise UsageError(str(error)) from None
        except NoAnswerError as error:
            raise UsageError(message("The input ended, and nobody answered: {question}", question=str(error))) from None
