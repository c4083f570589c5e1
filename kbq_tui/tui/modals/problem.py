"""A problem in full: cause, remedy, who can help, Google's own text, and a text to send to a person who can."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.i18n.messages import N_, Message, render, translate
from kbq_tui.model.command import Command
from kbq_tui.model.operations import Action
from kbq_tui.model.problem import Context, Problem
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import block, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic


def describe(problem: Problem) -> Content:
    """Return everything about a problem as content."""
    parts: list[Content] = [plain(problem.title, "bold $error"), Content("\n"), block(problem.cause), Content("\n")]
    if problem.remedy:
        parts += [Content("\n"), Content.styled(translate("What to do"), "bold")]
        for number, step in enumerate(problem.remedy, 1):
            parts += [Content(f"\n{number}. "), plain(step.text, limit=1_000)]
            if step.lines:
                parts += [Content("\n"), block("\n".join(f"   {c}" for c in step.lines), "$primary")]
        parts.append(Content("\n"))
    if problem.who:
        parts += [
            Content("\n"),
            Content.styled(translate("Who can do it") + "  ", "bold"),
            plain(problem.who, limit=1_000),
            Content("\n"),
        ]
    if problem.wait:
        parts += [
            Content("\n"),
            Content.styled(translate("Waiting") + "  ", "bold"),
            Content(translate("may take up to {n} minutes", n=problem.wait // 60 or 1)),
            Content("\n"),
        ]
    if problem.original:
        parts += [
            Content("\n"),
            Content.styled(translate("In Google's words"), "bold"),
            Content("\n"),
            block(problem.original),
            Content("\n"),
        ]
    shown = {k: v for k, v in problem.details.items() if v}
    if shown:
        parts += [Content("\n"), Content.styled(translate("In detail"), "bold")]
        for name, value in shown.items():
            parts += [Content("\n"), plain(f"{name}: ", "$text-quiet"), plain(value, "$text-quiet")]
        parts.append(Content("\n"))
    if problem.link:
        parts += [Content("\n"), plain(problem.link, "$text-quiet"), Content("\n")]
    if problem.code:
        parts += [plain(problem.code, "$text-quiet")]
    return Content("").join(parts)


def message_for(problem: Problem, context: Context, commands: Sequence[Command]) -> Message:
    """Return the text to send to the person who can help."""
    from kbq_tui.diagnosis.admin_request import commands_of, handoff

    found = commands_of(problem, context, commands)
    return handoff(problem, context, found.do, found.undo)


class ProblemSheet(Modal[bool]):
    """Shows one problem.

    Args:
        problem: the problem.
        commands: equivalent commands of what it blocks, for the text to send.
        retry: whether trying again is offered; the answer is True if it is wanted.
    """

    BINDINGS: ClassVar = [*keyboard.bindings("text"), keyboard.bound("refresh", "look_again")]
    heading = N_("What is wrong, and how to fix it")

    def __init__(self, problem: Problem, actions: tuple[Action, ...] = (), *, retry: bool = False) -> None:
        super().__init__()
        self.problem = problem
        self._actions = actions
        self._retry = retry

    def fill(self) -> ComposeResult:
        """Lay out the problem: what happened, why, and what helps."""
        yield QuietStatic(describe(self.problem))

    def foot(self) -> ComposeResult:
        """Lay out the buttons; Try again only if that can help."""
        with Horizontal(id="buttons"):
            if self._retry:
                yield Button(translate("Try again"), id="retry")
            yield Button(translate("Copy text to send"), id="copy")
            yield Button(translate("Write it to a file"), id="write")
            yield Button(translate("Close"), id="close")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: those of a text (copy, view, write), F5, Page Down, Escape."""
        again = (keyboard.face("refresh"), translate("Look again"))
        return [*keyboard.hints("text"), again, ("PgDn", translate("More")), ("Esc", translate("Close"))]

    def on_mount(self) -> None:
        """Put the focus on the button that copies the text to send."""
        self.query_one("#copy").focus(scroll_visible=False)

    def action_look_again(self) -> None:
        """F5, after something was repaired: close, and check whether the problem is solved."""
        self.dismiss(None)
        self.app.call_later(self.app.run_action, "refresh_now")

    @property
    def message(self) -> str:
        """The text to send to a person who can help, in the operator's language."""
        from kbq_tui.shell.operation_rows import command_of

        wizard = self.host.wizard
        location = wizard.plan.location if wizard.plan else None
        commands = [command_of(action, location) for action in self._actions]
        return render(message_for(self.problem, wizard.context, commands))

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy the text to send."""
        self.host.exports.copy_text(self.message, translate("Text to send"))

    @on(Button.Pressed, "#write")
    def action_write(self) -> None:
        """Write the text to send to a file."""
        self.host.exports.save_text("handoff", {".txt": self.message})

    def action_view(self) -> None:
        """Show the text to send on the plain terminal."""
        self.host.exports.view_text(self.message)

    @on(Button.Pressed, "#retry")
    def _again(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape: close, without trying again."""
        self.dismiss(False)
