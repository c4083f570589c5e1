"""All connections in a list, read again on a timer. The last good values stay, with their age."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from kbq_tui.engine.overview import Overviews, SortBy
from kbq_tui.i18n.messages import Message, message, translate, translate_n
from kbq_tui.model.spec import check_name
from kbq_tui.tui import keyboard
from kbq_tui.tui.connection_list import Columns, reason_line, totals_line, totals_words, unread_line
from kbq_tui.tui.connection_parts import head_line, part_rows, to_do
from kbq_tui.tui.polled_connection import PolledConnection
from kbq_tui.tui.screens.watching import WatchingScreen
from kbq_tui.tui.status_poller import ListView
from kbq_tui.tui.widgets.field import LineInput
from kbq_tui.tui.widgets.rows import Rows
from kbq_tui.tui.widgets.static import QuietStatic, with_place
from kbq_tui.tui.widgets.table import ConnectionTable

FRAME_LINES = 3
"""The lines of the list's frame, with the header."""


class DashboardScreen(WatchingScreen):
    """All connections of this machine, one line each. If there is only one, its parts are below.

    Keys: Enter opens the connection under the cursor, / filters, ! leaves out what is ok, capitals sort.
    """

    BINDINGS: ClassVar = [*keyboard.bindings("dashboard", "connection"), keyboard.bound("back", "up")]
    scopes: ClassVar[tuple[str, ...]] = ("dashboard", "connection")

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[int, Columns] = {}
        self._all = Overviews()
        self._drawn: tuple[object, ...] = ()

    @property
    def _view(self) -> ListView:
        return self.host.monitor.view

    def fill(self) -> ComposeResult:
        """Lay out the header, the list, and the parts of a single connection."""
        yield QuietStatic(id="heads")
        yield ConnectionTable(self._line, id="connections")
        yield QuietStatic(id="which", classes="head")
        yield Rows(id="lines")

    def foot(self) -> ComposeResult:
        """Lay out the filter line, and the texts about the row under the cursor and about what could not be read."""
        yield LineInput(self._view.text, id="filter", placeholder=translate("part of a name or project"))
        yield QuietStatic(id="about")
        yield QuietStatic(id="unread")

    def on_mount(self) -> None:
        """Load the connections, read them once, and again whenever it is time."""
        self.query_one("#filter").display = False
        self.host.monitor.load()
        super().on_mount()
        self.query_one("#connections").focus()
        if (row := self._view.row) is not None:
            self._fill_list()
            self.query_one("#connections", ConnectionTable).go(row)
        if self.host.monitor.due:
            self.look()

    def on_screen_resume(self) -> None:
        """Load again what the set-up may have changed."""
        self.host.monitor.load(again=(self.host.wizard.draft.name,))
        self.draw()

    def aged(self) -> None:
        """Update the ages."""
        self.query_one("#connections", ConnectionTable).refresh()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def title_line(self, width: int) -> Content:
        """Return the top line, with the number of connections in each state at its right."""
        left = Content.assemble(("kbq-tui", "bold $primary"), "  ", (translate("Dashboard"), "bold"))
        right = totals_line(self._all.totals)
        return with_place(left, right, width)

    def heading(self) -> str:
        """Return the content of the list: all connections, or how many of them, and by which filter."""
        n, shown = len(self._all), len(self.query_one("#connections", ConnectionTable).rows)
        parts = [translate_n("{n} connection", "{n} connections", n)]
        if self._view.text or self._view.only_bad:
            parts = [translate("Connections: {shown} of {n}", shown=shown, n=n)]
        if self._view.text:
            parts.append(f"/{self._view.text}")
        if self._view.only_bad:
            parts.append(translate("only what is not ok"))
        monitor = self.host.monitor
        if monitor.failures and monitor.at is not None:
            parts.append(translate("as of {at:%H:%M} UTC", at=monitor.at))
        return ", ".join(parts)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter opens, and the keys of the screen; a single connection needs no filter."""
        without = frozenset({"commands", "dashboard"} | ({"filter"} if len(self._all) == 1 else set()))
        if not self.query_one("#connections", ConnectionTable).rows:  # none, or none that fits the filter
            return keyboard.hints("dashboard", "app", without=without)
        return [("Enter", translate("Open")), *keyboard.hints(*self.scopes, "app", without=without)]

    def draw(self) -> None:
        """Bring everything up to date; the list only if something in it has changed."""
        if not self.is_mounted or not self.query("#hints"):
            return
        self._fill_list()
        super().draw()

    def _fill_list(self, *, top: bool = False) -> None:
        """Filter and sort, if anything has changed since."""
        monitor, view = self.host.monitor, self._view
        state = (monitor.version, view.by, view.backwards, view.text, view.only_bad)
        if state == self._drawn:
            return
        if self._drawn[:1] != state[:1]:
            self._all = Overviews(monitor.rows())
            self.host.show_title(totals_words(self._all.totals))
        self._drawn = state
        found = self._all.chosen(view.by, backwards=view.backwards, text=view.text, only_bad=view.only_bad)
        self.query_one("#connections", ConnectionTable).show([row.name for row in found], top=top)

    def _layout(self, width: int) -> Columns:
        if width not in self._columns:
            self._columns = {width: Columns(width)}
        return self._columns[width]

    def _line(self, name: str, width: int) -> Content:
        """Return the line of a connection."""
        return self._layout(width).line(self._all.named(name), self.host.services.clock.now())

    def draw_body(self) -> None:
        """Draw the header, the text about the connection under the cursor, and the parts of a single one."""
        table, which = self.query_one("#connections", ConnectionTable), self.query_one("#which", QuietStatic)
        heads = self.query_one("#heads", QuietStatic)
        chosen, single = self.chosen(), len(self._all) == 1
        self.set_class(single, "-single")
        width = table.width
        heads.show(
            self._layout(width).head(self._view.by, backwards=self._view.backwards) if width and self._all else ""
        )
        lines = self.query_one("#lines", Rows)
        shown = len(table.rows)
        if not self._all:
            begin = self.host.services.command("setup", "")
            which.show(translate("No connection is set up yet. {command} begins one.", command=begin))
            lines.show([])
        elif single and chosen is not None:
            stale, now = self.host.monitor.stale(chosen), self.host.services.clock.now()
            which.show(head_line(chosen, now, stale=stale))
            lines.show(part_rows(chosen, stale=stale))
        else:
            which.show("" if shown else translate("None of them is shown. Esc shows all."))
            lines.show([])
        which.display = bool(which.shown)
        above = FRAME_LINES + (2 if which.display else 0)
        # At most what fits: each change of the height causes a new layout of the whole screen.
        most = min(max(shown, 1), self.size.height)
        self.query_one("#body").styles.max_height = None if single else most + above
        self._draw_foot(chosen)

    def _draw_foot(self, chosen: PolledConnection | None) -> None:
        """Draw what is wrong with the connection under the cursor, and what could not be read."""
        about, missing = self.query_one("#about", QuietStatic), self.query_one("#unread", QuietStatic)
        row = self._all.named(chosen.name) if chosen is not None else None
        single = len(self._all) == 1
        about.show("" if row is None or single else reason_line(row, self.host.services.clock.now()))
        told = () if single or self.host.monitor.failures else self._all.unread
        missing.show(unread_line(told, self.size.width - 4))
        about.display, missing.display = bool(about.shown), bool(missing.shown)

    def side(self) -> Content:
        """Return the side panel: what is left to do for the connection under the cursor."""
        chosen = self.chosen()
        if chosen is None:
            return Content("")
        syncs = self.host.navigation.activity(chosen.name)  # known once the connection was opened
        return to_do(chosen, syncs.found.findings if syncs is not None and syncs.found is not None else ())

    # -- actions --------------------------------------------------------------------------------------------------

    def chosen(self) -> PolledConnection | None:
        """Return the connection under the cursor."""
        name = self.query_one("#connections", ConnectionTable).row
        return None if name is None else self.host.monitor.named(name)

    @on(ConnectionTable.Entered)
    def _enter(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._view.row = chosen.name
            self.host.navigation.open_connection(chosen.name)

    @on(Rows.Chosen, "#lines")
    def _part(self, event: Rows.Chosen) -> None:
        self.open_part(event.row)

    @on(ConnectionTable.Marked)
    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    def action_scroll_page(self, by: int) -> None:
        """Page Up and Page Down: a page of the list, or of the parts of a single connection."""
        if len(self._all) > 1:
            self.query_one("#connections", ConnectionTable).page(by)
        else:
            super().action_scroll_page(by)

    def action_sort(self, by: str) -> None:
        """A capital letter: sort by a column; again: reverse the order."""
        self._view.backwards = self._view.by is SortBy(by) and not self._view.backwards
        self._view.by = SortBy(by)
        self.draw()

    def action_not_ok(self) -> None:
        """!: show only what is not ok, or everything again."""
        self._view.only_bad = not self._view.only_bad
        self._refill()

    def action_new(self) -> None:
        """n: ask for the name of a new connection, and set it up."""
        from kbq_tui.tui.modals.ask import Ask

        taken = {watched.name.casefold() for watched in self.host.monitor.connections}

        def check(typed: str) -> Message | None:
            name = typed.strip()
            if name.casefold() in taken:
                return message("There is a connection {name} already.", name=name)
            return check_name(name)

        ask = Ask(translate("A new connection"), (), label=translate("Name"), yes=translate("Set it up"), check=check)
        self.app.push_screen(ask, lambda name: self.host.navigation.new_connection(name) if name else None)

    def action_filter(self) -> None:
        """/: type a part of the name or the project."""
        line = self.query_one("#filter", LineInput)
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._view.text = event.value.strip()
        self._refill()

    @on(Input.Submitted, "#filter")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._to_list()

    def _refill(self) -> None:
        self._fill_list(top=True)
        self.draw()

    def _to_list(self) -> None:
        """Give the focus back to the list."""
        self.query_one("#filter").display = False
        self.query_one("#connections").focus()

    def action_up(self) -> None:
        """Escape: show all connections again; if they are shown, do what it does everywhere."""
        if self._view.text or self._view.only_bad or self.query_one("#filter").display:
            self._view.only_bad = False
            self.query_one("#filter", LineInput).value = ""
            self._view.text = ""
            self._to_list()
            self._refill()
        else:
            self.host.navigation.back()
