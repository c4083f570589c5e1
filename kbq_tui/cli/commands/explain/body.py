"""`kbq-tui explain`: cause and remedy of an error."""

import re
import sys
from collections.abc import Callable

from kbq_tui.cli.command_options import UsageError
from kbq_tui.cli.commands.explain import ExplainOptions
from kbq_tui.cli.console import Console
from kbq_tui.cli.prompts import MAX_PASTED
from kbq_tui.i18n.messages import as_message, message, render, translate
from kbq_tui.model.problem import Context, Problem
from kbq_tui.model.text import inert

_CODE = re.compile("KBQ-[A-Z0-9-]+")


def explain_command(options: ExplainOptions, console: Console, context: Callable[[], Context]) -> int:
    """Explain an error that was given or pasted.

    Args:
        options: the command's options.
        console: where lines are printed.
        context: returns what is known of the connection here, for the fields of remedies.

    Raises:
        UsageError: there is no text, or it is a code that does not exist.
    """
    if options.list_:
        return _list(options, console)
    text = options.text
    if text is None or text == "-":
        if sys.stdin.isatty():
            console.say(translate("Paste the error, then press Ctrl+D on a line of its own."))
        text = sys.stdin.read(MAX_PASTED)
    if not text.strip():
        raise UsageError(message("There is no text to explain."))
    problem = _explained(text, context())
    if options.output.as_json:
        console.json({"schema": "kbq-tui/explain/v1", **problem.to_json(), "wait": problem.wait, "link": problem.link})
    else:
        console.problem(problem, result=True, heading=translate("this is") if problem.code else translate("not known"))
        for name, value in problem.details.items():
            console.result(f"  {inert(name)}: {inert(render(as_message(value)))}")
    return 0


def _explained(text: str, context: Context) -> Problem:
    """Return the problem for a code, or for an error's text."""
    from kbq_tui.diagnosis import catalogue
    from kbq_tui.diagnosis.all_entries import ENTRIES
    from kbq_tui.diagnosis.recognise import recognise_text

    code = text.strip().upper()
    if (entry := catalogue.entry_of(code)) is not None:
        return catalogue.problem(entry.code, context)
    if _CODE.fullmatch(code):
        from difflib import get_close_matches

        names = {known.removeprefix("KBQ-"): known for known in ENTRIES}  # the common prefix makes all of them alike
        close = get_close_matches(code.removeprefix("KBQ-"), names)
        near = ", ".join(names[name] for name in close) or "kbq-tui explain --list"
        raise UsageError(message("There is no problem {code}. See {near}.", code=inert(code, 60), near=near))
    return recognise_text(text, context)


def _list(options: ExplainOptions, console: Console) -> int:
    """Print every known problem: its code, its meaning, and what to do first."""
    from kbq_tui.diagnosis.all_entries import ENTRIES
    from kbq_tui.diagnosis.entry import fill

    entries = list(ENTRIES.values())
    if options.output.as_json:
        problems = [
            {"code": e.code, "title": e.title, "first": str(fill(e.steps[0].text.template, {}))} for e in entries
        ]
        console.json({"schema": "kbq-tui/problems/v1", "problems": problems})
        return 0
    for entry in entries:
        console.result(f"{entry.code}  {translate(entry.title)}")
        for line in console.prose(render(fill(entry.steps[0].text.template, {})), "    "):
            console.result(line)
    console.say(translate("All of one, with commands: {command}", command="kbq-tui explain CODE"))
    return 0
