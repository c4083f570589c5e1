"""What is printed after the screens: the three values, the state of the set-up, and the next command."""

from kbq_tui.cli.console import Console
from kbq_tui.cli.render import show_summary
from kbq_tui.engine.services import AppServices, SavedConnection
from kbq_tui.i18n.messages import Message, message, render, translate
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.model.summary import Summary
from kbq_tui.model.text import inert


def say_goodbye(services: AppServices, summary: Summary | None, console: Console) -> None:
    """Print what the operator needs next; nothing if there is no connection.

    Args:
        services: everything that was built.
        summary: the values, if the last screen was reached.
        console: where lines are printed.
    """
    if summary is not None:
        console.say()
        show_summary(summary, console)
        console.say()
    try:
        saved = services.store.load(services.draft.name)
    except ProblemError:
        return
    if saved is None or not saved.filed:
        return
    where, command = standing(saved)
    console.say(inert(render(where)))
    following = inert(str(services.command(command, services.draft.name)))
    console.say(translate("Next: {command}", command=following))


def standing(saved: SavedConnection) -> tuple[Message, str]:
    """Return the state of a set-up, and the command that continues it."""
    name = saved.draft.name
    if saved.connected:
        return message("{name} is set up, and Klaviyo is connected.", name=name), "status"
    if saved.finished:
        text = message("{name} is set up; Klaviyo still has to be given the three values.", name=name)
        return text, "values"
    step = list(Step).index(saved.screen or Step.PROJECT) + 1
    return message("{name} stands at step {n} of {all}.", name=name, n=step, all=len(Step)), "setup"
