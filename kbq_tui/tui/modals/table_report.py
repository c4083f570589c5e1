"""One table of the source check in full: the uses it is ready for, each finding, each column."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.i18n.messages import translate
from kbq_tui.model.source import TableReport
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.problem import describe
from kbq_tui.tui.source_list import details
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic

_WIDTH = 72
"""The width of a modal's body in cells."""


class TableSheet(Modal[str | None]):
    """The whole report on one table.

    Its result is the action of the screen below that follows.

    Args:
        table: the table.
    """

    BINDINGS: ClassVar = [
        keyboard.bound("source-map", "next('mapping')"),
        keyboard.bound("source-view", "next('propose_view')"),
    ]

    def __init__(self, table: TableReport) -> None:
        super().__init__()
        self._table = table

    def title_line(self) -> Content:
        """Return the table's name."""
        return plain(self._table.name, self._ink)

    def fill(self) -> ComposeResult:
        """Lay out findings and columns, and the problem if it cannot be read."""
        content = details(self._table, _WIDTH)
        problem = self._table.problem
        yield QuietStatic(content if problem is None else Content("\n\n").join((content, describe(problem))))

    def foot(self) -> ComposeResult:
        """Lay out the buttons; the text to send only if there is a problem."""
        with Horizontal(id="buttons"):
            yield Button(translate("Close"), id="close")
            if self._table.columns:
                yield Button(translate("Mapping"), id="mapping")
                yield Button(translate("Propose a view"), id="view")
            if self._table.problem is not None:
                yield Button(translate("Text to send"), id="handoff")

    def on_mount(self) -> None:
        """Put the focus on Close."""
        self.query_one("#close").focus(scroll_visible=False)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: those of the actions that follow, and Escape."""
        wanted = ("source-map", "source-view") if self._table.columns else ()
        return [*keyboard.named_hints(*wanted), *super().hints()]

    def action_next(self, what: str) -> None:
        """m, v and their buttons: close, and continue with the mapping or a view."""
        if self._table.columns:
            self.dismiss(what)

    @on(Button.Pressed, "#mapping")
    def _to_mapping(self) -> None:
        self.action_next("mapping")

    @on(Button.Pressed, "#view")
    def _to_view(self) -> None:
        self.action_next("propose_view")

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape and the button: close."""
        self.dismiss(None)

    @on(Button.Pressed, "#handoff")
    def _handoff(self) -> None:
        if self._table.problem is not None:
            self.host.open_problem(self._table.problem)
