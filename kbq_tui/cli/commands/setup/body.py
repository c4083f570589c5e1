"""The set-up on lines, or from an answers file."""

import sys
from dataclasses import replace
from pathlib import Path

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.setup import SetupOptions
from kbq_tui.cli.commands.setup.answers_file import AnswersError, FromFile
from kbq_tui.cli.commands.setup.guided import GuidedSetup
from kbq_tui.cli.context import CommandContext, console_of
from kbq_tui.cli.prompts import MAX_PASTED, Asker, FromLines, NoAnswerError
from kbq_tui.i18n.messages import message


def setup_on_lines(options: SetupOptions) -> int:
    """Ask on lines, or take the answers from a file.

    Returns:
        0; 6 if a check does not pass; else the exit status of what blocks it.

    Raises:
        UsageError: an answer is missing or not valid.
    """
    answers, as_json = options.answers, options.output.as_json
    console = console_of(options.output, together=not as_json)
    asker: Asker
    # The questions begin with the notices themselves, in the same stream.
    with CommandContext.of(options.output, options.connection, again=True, may_create=True) as here:
        if answers is None:
            asker = FromLines(console, sys.stdin.readline)
        else:
            try:
                with Path(answers).open(encoding="utf-8-sig", errors="replace") as file:
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
                asked = message("The input ended, and nobody answered: {question}", question=str(error))
                raise UsageError(asked) from None
