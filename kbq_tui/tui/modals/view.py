"""A view of a table that Klaviyo can use: its name and use first; then its SQL, and whether to create it."""

from collections.abc import Container
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.source.views import ProposedView, warnings_of
from kbq_tui.export.source_report import USES
from kbq_tui.i18n.messages import N_, Message, message, render, translate
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import TableReport, Use
from kbq_tui.source.view_sql import free_view_name, view_name_fault
from kbq_tui.tui import keyboard
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.form import Form
from kbq_tui.tui.text import block, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.choice import Choice
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.static import QuietStatic

_WHOLE: Final = 1_000_000
"""The maximum number of characters of a statement that are shown; enough for a table with thousands of columns."""


@dataclass(frozen=True, slots=True)
class WantedView:
    """The view that the operator wants to see proposed.

    Attributes:
        name: the view's name.
        use: what it is for.
    """

    name: str
    use: Use


class NewView(Form[WantedView]):
    """Asks for the name of a view and what it is for. Nothing is created.

    Args:
        table: the table that the view shows.
        taken: the names of the known tables.
    """

    heading = N_("A view that Klaviyo can use")

    def __init__(self, table: TableReport, taken: Container[str]) -> None:
        super().__init__()
        self._table = table
        self._taken = taken

    def fill(self) -> ComposeResult:
        """Lay out the table's name, and that the view is only shown for now."""
        lead = translate("Shows the SQL of a view, and tries it as a dry run. It is made after a yes only.")
        yield QuietStatic(Content.assemble(plain(self._table.name, "bold"), "\n", block(lead)))

    def foot(self) -> ComposeResult:
        """Lay out the use, the name and both buttons."""
        uses = [(use.value, translate(label)) for use, label in USES.items()]
        yield Choice(uses, self._table.likely.value, id="use")
        yield Field("answer", translate("Name"), free_view_name(self._table.name, self._taken), self._fault)
        with Horizontal(id="buttons"):
            yield Button(translate("Show it"), id="yes")
            yield Button(translate("Cancel"), id="no")

    def _fault(self, name: str) -> Message | None:
        if name.strip() in self._taken:
            return message("There is a table of that name; it is not replaced.")
        return view_name_fault(name.strip())

    def answer(self) -> WantedView:
        """Return the name and the use."""
        return WantedView(self.query_one(Field).value.strip(), Use(self.query_one("#use", Choice).value))


class ViewSheet(Modal[bool]):
    """Shows the statement that creates a view, and asks whether to run it.

    Args:
        view: the view.
        command: the command that does the same.
    """

    BINDINGS: ClassVar = keyboard.bindings("text")
    heading = N_("Make this view?")

    def __init__(self, view: ProposedView, command: str) -> None:
        super().__init__()
        self._view = view
        self._command = command

    def fill(self) -> ComposeResult:
        """Lay out what to know first, the statement, and the command that does the same."""
        parts = [
            block("\n".join(map(render, warnings_of(self._view)))),
            block(self._view.statement, "$primary", limit=_WHOLE),
            plain(self._command, "$text-quiet", limit=1_000),
        ]
        yield QuietStatic(Content("\n\n").join(parts))

    def foot(self) -> ComposeResult:
        """Lay out the two answers."""
        with Horizontal(id="buttons"):
            yield Button(translate("Make it"), id="yes")
            yield Button(translate("Cancel"), id="no")

    def on_mount(self) -> None:
        """Focus "no"."""
        self.query_one("#no").focus(scroll_visible=False)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: those for a text (copy, view, write), Page Down, Escape."""
        return [*keyboard.hints("text"), ("PgDn", translate("More")), ("Esc", translate("Cancel"))]

    def action_copy(self) -> None:
        """Copy the statement."""
        self.host.exports.copy_text(self._view.statement, translate("SQL"))

    def action_view(self) -> None:
        """Show the statement outside of the screens, on the terminal itself."""
        self.host.exports.view_text(self._view.statement)

    def action_write(self) -> None:
        """Write the statement to a file."""
        self.host.exports.save_text("view", {".sql": self._view.statement})

    @on(Button.Pressed, "#yes")
    def _agree(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape and the button: no."""
        self.dismiss(False)
