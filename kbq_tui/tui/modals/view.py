"""A view of a table that Klaviyo can use: what it is to be called and is for; then its SQL, and whether to make it."""

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
from kbq_tui.tui.text import block, plain
from kbq_tui.tui.widgets.button import Button, Choice
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.static import QuietStatic

_WHOLE: Final = 1_000_000
"""Characters of a statement that are shown: all of them, of a table with thousands of columns, too."""


@dataclass(frozen=True, slots=True)
class WantedView:
    """What the operator wants to see proposed.

    Attributes:
        name: what the view is to be called.
        use: what it is for.
    """

    name: str
    use: Use


class NewView(Modal[WantedView | None]):
    """Asks for the name of a view and what it is for. Nothing is made by it.

    Args:
        table: the table that the view shows.
        taken: the names of the tables that are known.
    """

    heading = N_("A view that Klaviyo can use")

    def __init__(self, table: TableReport, taken: Container[str]) -> None:
        super().__init__()
        self._table = table
        self._taken = taken

    def fill(self) -> ComposeResult:
        """Lay out of which table it is, and that this only shows it."""
        lead = translate("Shows the SQL of a view, and tries it as a dry run. It is made after a yes only.")
        yield QuietStatic(Content.assemble(plain(self._table.name, "bold"), "\n", block(lead)))

    def foot(self) -> ComposeResult:
        """Lay out the use, the name, and the two answers."""
        uses = [(use.value, translate(label)) for use, label in USES.items()]
        yield Choice(uses, self._table.likely.value, id="use")
        yield Field("answer", translate("Name"), free_view_name(self._table.name, self._taken), self._fault)
        with Horizontal(id="buttons"):
            yield Button(translate("Show it"), id="yes")
            yield Button(translate("Cancel"), id="no")

    def on_mount(self) -> None:
        """Put the focus on the name."""
        self.query_one("#field-answer LineInput").focus(scroll_visible=False)

    def _fault(self, name: str) -> Message | None:
        if name.strip() in self._taken:
            return message("There is a table of that name; it is not replaced.")
        return view_name_fault(name.strip())

    @on(Field.Left)
    def _entered(self, event: Field.Left) -> None:
        if event.entered:
            self._answer()

    @on(Button.Pressed, "#yes")
    def _answer(self) -> None:
        field = self.query_one(Field)
        wrong = field.fault()
        field.reason(wrong)
        if wrong is None:
            self.dismiss(WantedView(field.value.strip(), Use(self.query_one("#use", Choice).value)))

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape and the button: no answer."""
        self.dismiss(None)


class ViewSheet(Modal[bool]):
    """Shows what makes a view, and asks whether to make it.

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
        """Lay out what is to be known first, the statement, and the command that does the same."""
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
        """Put the focus on no."""
        self.query_one("#no").focus(scroll_visible=False)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: those of a text (copy, view, write), Page Down, Escape."""
        return [*keyboard.hints("text"), ("PgDn", translate("More")), ("Esc", translate("Cancel"))]

    def action_copy(self) -> None:
        """Copy the statement."""
        self.host.copy_text(self._view.statement, translate("SQL"))

    def action_view(self) -> None:
        """Show the statement on the plain terminal."""
        self.host.view_text(self._view.statement)

    def action_write(self) -> None:
        """Write the statement to a file."""
        self.host.save_text("view", {".sql": self._view.statement})

    @on(Button.Pressed, "#yes")
    def _agree(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape and the button: no."""
        self.dismiss(False)
