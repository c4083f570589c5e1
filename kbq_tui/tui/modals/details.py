"""One check in full, and the commands of a step."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.model.checks import Check
from kbq_tui.model.problem import Problem
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.command_text import command_text
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.problem import describe
from kbq_tui.tui.text import block, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic


class Details(Modal[None]):
    """Everything about a check, or about each of those that share a row.

    Args:
        check_ids: their ids.
    """

    heading = N_("Check")

    def __init__(self, check_ids: Sequence[str]) -> None:
        super().__init__()
        self._check_ids = check_ids

    def fill(self) -> ComposeResult:
        """Lay out each check: why it is made, what was run, the answer, and the problem."""
        yield QuietStatic(self._content())

    def foot(self) -> ComposeResult:
        """Lay out the buttons."""
        with Horizontal(id="buttons"):
            yield Button(translate("Close"), id="close")
            yield Button(translate("Text to send"), id="handoff")

    def on_mount(self) -> None:
        """Show the button for the text to send only if there is a problem; put the focus on Close."""
        self.query_one("#handoff").display = self._problem() is not None
        self.query_one("#close").focus(scroll_visible=False)

    def _problem(self) -> Problem | None:
        results = self.host.wizard.results
        return next((results[id_].problem for id_ in self._check_ids if id_ in results), None)

    def _content(self) -> Content:
        spec = self.host.wizard.spec()
        checks = [c for c in expected(spec) if c.id in self._check_ids] if spec else []
        return Content("\n\n").join(self._about(check).rstrip() for check in checks)

    def _about(self, check: Check) -> Content:
        result = self.host.wizard.results.get(check.id)
        title = check.title if result is None else result.title
        parts = [Content.styled(render(title), "bold"), Content("\n")]
        section = (
            translate("Article {n}:", n=check.article) if check.article != "+" else translate("Not in the article:")
        )
        parts += [Content.styled(f"{section} ", "$text-quiet"), Content(render(check.why)), Content("\n")]
        if result is not None:
            parts += [
                Content("\n"),
                Content.styled(translate("What was run"), "bold"),
                Content("\n"),
                command_text(result.command),
            ]
            parts += [
                Content("\n\n"),
                Content.styled(translate("What came back"), "bold"),
                Content("\n"),
                block(result.evidence),
                Content("\n"),
            ]
            if result.problem is not None:
                parts += [Content("\n"), describe(result.problem)]
        return Content("").join(parts)

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape and the button: close."""
        self.dismiss(None)

    @on(Button.Pressed, "#handoff")
    def _handoff(self) -> None:
        problem = self._problem()
        if problem is not None:
            self.host.open_problem(problem)


class StepCommands(Modal[None]):
    """The equivalent commands of a step, and what the article gets wrong.

    Args:
        content: what to show.
        commands: the commands, for copying.
    """

    BINDINGS = keyboard.bindings("text")
    heading = side_panel.BY_HAND

    def __init__(self, content: Content, commands: Sequence[str]) -> None:
        super().__init__()
        self._content = content
        self._commands = "".join(f"{command}\n" for command in commands)

    def fill(self) -> ComposeResult:
        """Lay out the commands, or say that there are none."""
        if not self._commands:
            yield QuietStatic(translate("This step changes nothing, so there is no command for it.") + "\n")
        yield QuietStatic(self._content)

    def foot(self) -> ComposeResult:
        """Lay out the buttons; Copy only if there are commands."""
        with Horizontal(id="buttons"):
            if self._commands:
                yield Button(translate("Copy the commands"), id="copy")
            yield Button(translate("Close"), id="close")

    def on_mount(self) -> None:
        """Put the focus on the first button."""
        self.query(Button).first().focus(scroll_visible=False)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys; those that copy, view and write only if there are commands."""
        return [*(keyboard.hints("text") if self._commands else ()), *super().hints()]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key's action is enabled: without commands there is nothing to copy, view or write."""
        return bool(self._commands) or action not in ("copy", "view", "write")

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy the commands to the clipboard."""
        self.host.exports.copy_text(self._commands, translate("Commands"))

    def action_view(self) -> None:
        """Show the commands on the plain terminal, where they can be selected."""
        self.host.exports.view_text(self._commands)

    def action_write(self) -> None:
        """Write the commands to a file."""
        self.host.exports.save_text("commands", {".txt": self._commands})

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape and the button: close."""
        self.dismiss(None)


class PlainText(Modal[None]):
    """Some text to read.

    Args:
        heading: the title.
        text: the text; may be hostile.
    """

    def __init__(self, heading: str, text: str) -> None:
        super().__init__()
        self.heading = heading
        self._text = text

    def fill(self) -> ComposeResult:
        """Lay out the text."""
        yield QuietStatic(block(self._text) if self._text else plain(translate("nothing")))
