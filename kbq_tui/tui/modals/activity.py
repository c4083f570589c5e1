"""Klaviyo's activity in full: jobs, errors, cost, what is left behind, and the explanation of the last error."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.activity_session import ActivitySession
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.problem import Problem
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.problem import describe
from kbq_tui.tui.sync_lines import full_lines
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic

_WIDTH = 72
"""The width of a modal's body in cells."""


class ActivitySheet(Modal[None]):
    """Everything that is known of Klaviyo's syncs.

    Args:
        session: the connection's syncs.
    """

    heading = N_("Klaviyo's syncs")

    def __init__(self, session: ActivitySession) -> None:
        super().__init__()
        self._session = session

    @property
    def _problems(self) -> list[Problem]:
        """The explanation of the last error, and why parts could not be read."""
        found = self._session.found
        if self._session.problem is not None:
            return [self._session.problem]
        if found is None:
            return []
        return [*([found.explained] if found.explained is not None else []), *found.left_out]

    def fill(self) -> ComposeResult:
        """Lay out figures and findings, then each problem with its remedy."""
        yield QuietStatic(id="all")

    def foot(self) -> ComposeResult:
        """Lay out the buttons."""
        with Horizontal(id="buttons"):
            yield Button(translate("Close"), id="close")
            yield Button(translate("Look again"), id="again")
            yield Button(translate("Text to send"), id="handoff")

    def on_mount(self) -> None:
        """Put the focus on Close, and draw again whenever there is more."""
        self.set_interval(0.5, self._draw, name="activity")
        self._draw()
        self.query_one("#close").focus(scroll_visible=False)

    def _draw(self) -> None:
        """Draw what is known so far."""
        found, problems = self._session.found, self._problems
        parts = [full_lines(found, _WIDTH)] if found is not None else []
        parts += [describe(problem) for problem in problems]
        if not parts:
            parts = [Content(translate("Looking up what Klaviyo has done"))]
        self.query_one("#all", QuietStatic).show(Content("\n\n").join(parts))
        self.query_one("#again", Button).off = self._session.busy
        self.query_one("#handoff").display = bool(problems)

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape and the button: close."""
        self.dismiss(None)

    @on(Button.Pressed, "#again")
    def _again(self) -> None:
        self.host.launch(self._session.look(), "activity")

    @on(Button.Pressed, "#handoff")
    def _handoff(self) -> None:
        if problems := self._problems:
            self.host.open_problem(problems[0])
