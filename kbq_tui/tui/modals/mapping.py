"""What each column of a table is for: the roles with their columns and why, and the columns that are sent along."""

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input

from kbq_tui.engine.source.session import SourceSession
from kbq_tui.engine.source.views import facts_of
from kbq_tui.engine.source_looks import PROPERTIES
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.source import ROLE_NAMES, TableFacts, TableReport
from kbq_tui.shell import commands
from kbq_tui.source.mapping import MappedRole, Property, mapped_roles, property_of
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.pick import Picker
from kbq_tui.tui.text import columns, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.rows import Row, Rows
from kbq_tui.tui.widgets.static import QuietStatic

_MOST = 18
"""The maximum width of a column's name in the list, in cells."""


class MappingSheet(Modal[bool]):
    """The mapping of a table.

    Each choice is saved at once; the result is whether there was one.

    Args:
        session: the tables of the connection.
        table: the table.
    """

    heading = N_("What each column is for")

    def __init__(self, session: SourceSession, table: TableReport) -> None:
        super().__init__()
        self._session = session
        self._table = table
        self._changed = False
        self._meant: dict[str, MappedRole | Property] = {}
        """By the id of its row."""

    def fill(self) -> ComposeResult:
        """Lay out the table's name and the list."""
        yield QuietStatic(plain(self._table.name, "bold"))
        yield Rows(id="mapping")

    def foot(self) -> ComposeResult:
        """Lay out the button."""
        with Horizontal(id="buttons"):
            yield Button(translate("Close"), id="close")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: up and down move, Enter changes, Escape closes."""
        move = (translate("Up/Down"), translate("Move"))
        return [move, ("Enter", translate("Change")), ("Esc", translate("Close"))]

    def on_mount(self) -> None:
        """Show the mapping and focus it."""
        self._draw()
        self.query_one(Rows).focus(scroll_visible=False)

    @property
    def _facts(self) -> TableFacts:
        return facts_of(self._session.draft.spec(), self._table)

    def _mapped(self) -> tuple[MappedRole, ...]:
        chosen = self._session.looks().mapped().get(self._table.name, {})
        return mapped_roles(self._facts.columns, chosen)

    def _sent(self) -> tuple[Property, ...]:
        """Return the columns without a role in the current mapping."""
        taken = {role.column for role in self._mapped()}
        chosen = self._session.looks().properties(self._table.name)
        return tuple(property_of(c, chosen) for c in self._facts.columns if c.name not in taken)

    def _draw(self) -> None:
        """Show the saved mapping, or why it cannot be read."""
        try:
            mapped, sent = self._mapped(), self._sent()
        except ProblemError as error:
            self.host.open_problem(self._session.named(error.problem))
            return
        along = translate("property")
        names = {role.role: translate(ROLE_NAMES[role.role]) for role in mapped}
        width = max(len(name) for name in (*names.values(), along)) + 2
        room = min(_MOST, max((cell_len(c.name) for c in self._table.columns), default=0) + 2)

        def row(id_: str, head: str, column: Content, why: Content) -> Row:
            return Row(id_, columns((Content(head), width), (column, room), (why, 0)), whole=width + room)

        none = Content.styled(translate("none"), "$text-quiet")
        self._meant = {**{f"role {r.role.value}": r for r in mapped}, **{f"column {p.column}": p for p in sent}}
        rows = [
            row(
                f"role {role.role.value}",
                names[role.role],
                plain(role.column, "bold") if role.column else none,
                plain(role.why, "$secondary" if role.chosen else "$text-quiet"),
            )
            for role in mapped
        ]
        rows += [
            row(
                f"column {each.column}",
                along,
                plain(each.column, "bold" if each.kept else "$text-quiet"),
                plain(each.why, "$text-quiet"),
            )
            for each in sent
        ]
        self.query_one(Rows).show(rows)

    @on(Rows.Chosen)
    def _change(self, event: Rows.Chosen) -> None:
        meant = self._meant[event.row.id]
        if isinstance(meant, Property):
            self._send(meant)
            return
        picker = PickColumn(meant, {c.name: c.type for c in self._table.columns})

        def picked(what: str | None) -> None:
            if what is not None:
                self._choose(meant.role.value, picker.choices[what])

        self.app.push_screen(picker, picked)

    def _send(self, column: Property) -> None:
        """Send a column along, or leave it out."""
        sent = [each.column for each in self._sent() if each.kept is not (each.column == column.column)]
        self._choose(PROPERTIES, ",".join(sent))

    def _choose(self, key: str, value: str | None) -> None:
        try:
            self._session.choose(self._table.name, {key: value})
        except ProblemError as error:
            self.host.open_problem(self._session.named(error.problem))
            return
        self._changed = True
        self._draw()
        command = commands.SOURCE_MAP.filled({"table": self._table.name, "choice": f"{key}={value}"})
        shown = self.host.services.meaning(command, self._session.draft.name)
        self.say("" if value is None else str(shown))

    @on(Button.Pressed, "#close")
    def action_close(self) -> None:
        """Escape and the button: close."""
        self.dismiss(self._changed)


class PickColumn(Picker):
    """Chooses the column for a role, among those of a suitable type.

    Args:
        role: the role as it is now.
        types: the types of the table's columns, by name.

    Attributes:
        choices: by the id that is the result, the column; empty for none, None for the proposed one.
    """

    prompt = N_("part of the name")

    def __init__(self, role: MappedRole, types: dict[str, str]) -> None:
        super().__init__()
        self._role = role
        self._types = types
        self.choices: dict[str, str | None] = {"proposed": None, "none": ""}
        self.choices.update((f"column {name}", name) for name in role.fitting)

    def title_line(self) -> Content:
        """Return the name of the role."""
        return plain(translate("Column for: {role}", role=translate(ROLE_NAMES[self._role.role])), self._ink)

    def on_mount(self) -> None:
        """Show all columns of a suitable type."""
        super().on_mount()
        self._offer("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._offer(event.value.strip().lower())

    def _offer(self, text: str) -> None:
        found = [name for name in self._role.fitting if text in name.lower()]
        options = [
            (f"column {name}", columns((plain(name, "bold"), 32), (plain(self._types[name], "$text-quiet"), 0)))
            for name in found
        ]
        if self._role.chosen:
            options.append(("proposed", Content(translate("as proposed by names and types"))))
        if self._role.column or not self._role.chosen:
            options.append(("none", Content(translate("no column"))))
        self.offer(options)
