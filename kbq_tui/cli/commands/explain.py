"""`kbq-tui explain`: cause and remedy of an error."""

import sys
from collections.abc import Callable

from kbq_tui.cli.command_options import OutputOptions, UsageError
from kbq_tui.cli.console import Console
from kbq_tui.cli.prompts import MAX_PASTED
from kbq_tui.i18n.messages import as_message, message, render, translate
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Context
from kbq_tui.model.text import inert


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """What was typed.

    Attributes:
        text: the error; None or `-` for standard input.
    """

    output: OutputOptions
    text: str | None = None


def explain_command(options: ExplainOptions, console: Console, context: Callable[[], Context]) -> int:
    """Explain an error that was given or pasted.

    Args:
        options: what was typed.
        console: where lines go.
        context: returns what is known of the connection here, to fill the blanks in remedies.

    Raises:
        UsageError: there is no text.
    """
    text = options.text
    if text is None or text == "-":
        if sys.stdin.isatty():
            console.say(translate("Paste the error, then press Ctrl+D on a line of its own."))
        text = sys.stdin.read(MAX_PASTED)
    if not text.strip():
        raise UsageError(message("There is no text to explain."))
    from kbq_tui.diagnosis.recognise import recognise_text

    problem = recognise_text(text, context())
    if options.output.as_json:
        console.json({"schema": "kbq-tui/explain/v1", **problem.to_json(), "wait": problem.wait, "link": problem.link})
    else:
        console.problem(problem, result=True, heading=translate("this is") if problem.code else translate("not known"))
        for name, value in problem.details.items():
            console.result(f"  {inert(name)}: {inert(render(as_message(value)))}")
    return 0
