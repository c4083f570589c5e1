"""The text at the side if there is room: the equivalent commands, and what the article gets wrong."""

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.operations import Action, Step
from kbq_tui.model.plan import Plan
from kbq_tui.tui import keyboard
from kbq_tui.tui.command_text import command_text
from kbq_tui.tui.step_help import STEP_HELP

BY_HAND: Final = N_("The same by hand")
ROW_BY_HAND: Final = N_("This row by hand")


def commands(plan: Plan, step: Step) -> list[str]:
    """Return the equivalent command of each change of a step, in order; blocked ones, too."""
    part = plan.step(step)
    return [command(a, plan.location) for a in (*part.changes, *(b.action for b in part.blocked))]


def command(action: Action, location: str | None) -> str:
    """Return the gcloud, bq or SQL line that does the same; `location` is where the datasets are, if known."""
    from kbq_tui.shell.operation_rows import command_for

    return command_for(action, location)


def lesson(
    step: Step, shown: Sequence[str], what: str = BY_HAND, *, most: int | None = None, width: int = 0
) -> Content:
    """Return the side panel of a step.

    Args:
        step: the step.
        shown: equivalent commands.
        what: heading over them, as in the catalogue of translations.
        most: how many of them are shown; None for all.
        width: the available cells, to break commands between arguments; 0 if not known.
    """
    it = STEP_HELP[step]
    parts: list[Content] = []
    most = len(shown) if most is None else most
    if shown:
        parts += [Content.styled(translate(what), "bold"), Content("\n")]
        for text in shown[:most]:
            parts += [command_text(text, width), Content("\n\n")]
        if len(shown) > most:
            parts += [
                Content.styled(
                    translate("{key} shows all {n}", key=keyboard.face("commands"), n=len(shown)), "$text-quiet"
                ),
                Content("\n\n"),
            ]
    parts += [Content.styled(translate("Klaviyo's article: {part}", part=translate(it.article)), "bold"), Content("\n")]
    for wrong in it.wrong:
        parts += [Content(translate(wrong)), Content("\n\n")]
    return Content("").join(parts)
