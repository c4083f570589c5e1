"""One connection in two panes: its parts, and what is to be done. If there is only room for one, the latter comes
first."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.engine.activity_session import ActivitySession
from kbq_tui.i18n.messages import translate
from kbq_tui.tui import keyboard
from kbq_tui.tui.connection_list import since_words
from kbq_tui.tui.connection_parts import drift_lines, head_line, looks_lines, part_rows, to_do
from kbq_tui.tui.glyphs import DOT
from kbq_tui.tui.polled_connection import PolledConnection
from kbq_tui.tui.screens.base import WIDE
from kbq_tui.tui.screens.watching import WatchingScreen
from kbq_tui.tui.sync_lines import panel_lines, panel_state
from kbq_tui.tui.text import plain, shortened
from kbq_tui.tui.widgets.page import Panel
from kbq_tui.tui.widgets.rows import Rows
from kbq_tui.tui.widgets.static import QuietStatic, with_place


class ConnectionScreen(WatchingScreen):
    """One connection of the dashboard.

    Args:
        name: the connection.
    """

    BINDINGS: ClassVar = [*keyboard.bindings("connection"), keyboard.bound("back", "up")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.opened = name
        self._syncs: ActivitySession | None = None

    def fill(self) -> ComposeResult:
        """Lay out what is to be done, what has changed, the parts, and the last looks in words."""
        yield QuietStatic(id="which")
        yield QuietStatic(id="to-do")
        yield QuietStatic(id="drift", classes="head")
        yield Rows(id="lines")
        yield QuietStatic(id="looks", classes="head")

    def foot(self) -> ComposeResult:
        """Lay out the panel of Klaviyo's syncs."""
        yield Panel(QuietStatic(id="sync-lines"), id="syncs")

    def on_mount(self) -> None:
        """Draw what is known already; looks continue."""
        super().on_mount()
        self._syncs = self.host.navigation.activity(self.opened)
        self._look_at_syncs()
        self.draw()
        self.query_one("#lines").focus()

    def look(self) -> None:
        """Read the connection, and less often Klaviyo's syncs."""
        super().look()
        self._look_at_syncs()

    def _look_at_syncs(self) -> None:
        if self._syncs is not None and self._syncs.due:
            self.host.launch(self._syncs.look(), "activity")

    def chosen(self) -> PolledConnection | None:
        """Return the connection."""
        return self.host.monitor.named(self.opened)

    def title_line(self, width: int) -> Content:
        """Return the top line: the path to this screen, and name and project."""
        dashboard, chosen = translate("Dashboard"), self.chosen()
        left = Content.assemble(("kbq-tui", "bold $primary"), "  ", dashboard, " › ", plain(self.opened, "bold"))
        place = f"{self.opened} {DOT} {chosen.saved.draft.project}" if chosen is not None else ""
        return with_place(left, shortened(plain(place, "bold"), max(1, width - left.cell_length - 2)), width)

    def heading(self) -> str:
        """Return since when the connection has its state, if that is known."""
        chosen = self.chosen()
        since = since_words(chosen.overview, self.host.services.clock.now()) if chosen is not None else ""
        return since or translate("Parts")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter explains a line, and the keys of the screen."""
        without = frozenset({"commands", "refresh", "dashboard"})
        return [("Enter", translate("Problem")), *keyboard.hints(*self.scopes, "app", without=without)]

    def draw_body(self) -> None:
        """Draw the parts, the last looks and, if there is no second pane, what is to be done."""
        chosen = self.chosen()
        if chosen is None:
            return
        stale, now = self.host.monitor.stale(chosen), self.host.services.clock.now()
        self.query_one("#which", QuietStatic).show(head_line(chosen, now, stale=stale))
        self.query_one("#lines", Rows).show(part_rows(chosen, stale=stale))
        drift = self.query_one("#drift", QuietStatic)
        drift.show(drift_lines(chosen, now))
        drift.display = bool(drift.shown)
        self.query_one("#looks", QuietStatic).show(looks_lines(chosen, now))
        self._draw_syncs()
        above = self.query_one("#to-do", QuietStatic)
        above.show("" if self._width >= WIDE else self._to_do(chosen))
        above.display = bool(above.shown)

    def _draw_syncs(self) -> None:
        """Draw the panel of Klaviyo's syncs; there is none for a connection that is not saved."""
        panel, session = self.query_one("#syncs", Panel), self._syncs
        panel.display = session is not None
        if session is not None:
            panel.entitle(translate("Klaviyo's syncs"), panel_state(session, keyboard.face("activity")))
            self.query_one("#sync-lines", QuietStatic).show(panel_lines(session))

    def side(self) -> Content:
        """Return the second pane: what is to be done."""
        chosen = self.chosen()
        return Content("") if chosen is None else self._to_do(chosen)

    def _to_do(self, chosen: PolledConnection) -> Content:
        found = self._syncs.found if self._syncs is not None else None
        return to_do(chosen, found.findings if found is not None else ())

    def aged(self) -> None:
        """Update the ages."""
        self.draw()

    @on(Rows.Chosen, "#lines")
    def _part(self, event: Rows.Chosen) -> None:
        self.open_part(event.row)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    def action_up(self) -> None:
        """Escape: back to the list."""
        self.host.navigation.show_dashboard()
