"""Whether the tables of a connection are ready for Klaviyo. It is not a step: the set-up continues without it."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.source.session import SourceSession
from kbq_tui.i18n.messages import translate, translate_n
from kbq_tui.model.source import TableReport
from kbq_tui.tui import keyboard
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.source_list import TableColumns, details, finding_line, score
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import MessageLine, QuietStatic
from kbq_tui.tui.widgets.table import ConnectionTable

_OF_TABLES: Final = frozenset({"source-all", "source-map", "source-view", "source-save"})
"""The keys that do something only where there are tables."""


class SourceScreen(BaseScreen):
    """The tables of a connection, the worst first; the list fills while they are checked.

    Keys: Enter opens a table with its columns and findings, m edits its mapping, v proposes a view of it, r checks
    again, Esc goes back.

    Args:
        session: the check of this connection, which continues while another screen is shown.
    """

    BINDINGS: ClassVar = [*keyboard.bindings("source"), keyboard.bound("back", "leave")]
    scopes: ClassVar[tuple[str, ...]] = ("source",)
    help_name = "source"

    def __init__(self, session: SourceSession) -> None:
        super().__init__()
        self.session = session
        self._rows: dict[str, TableReport] = {}
        self._columns: dict[int, TableColumns] = {}
        self._proposing = False

    def fill(self) -> ComposeResult:
        """Lay out the list with its header, and the text about all of it."""
        yield QuietStatic(id="heads")
        yield ConnectionTable(self._line, id="tables")
        yield QuietStatic(id="which")

    def foot(self) -> ComposeResult:
        """Lay out the text about the table under the cursor, and the buttons."""
        yield QuietStatic(id="about")
        with Horizontal(id="buttons"):
            yield Button(translate("Check again"), id="again")
            yield Button(translate("Continue"), id="go")

    def on_mount(self) -> None:
        """Check the tables, unless that has been done or is running."""
        super().on_mount()
        self.query_one("#tables").focus()
        if not self.session.busy and self.session.report is None and self.session.problem is None:
            self.action_again()
        self.draw()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def title_line(self, width: int) -> Content:
        """Return the top line."""
        return Content.assemble(("kbq-tui", "bold $primary"), "  ", (translate("Tables for Klaviyo"), "bold"))

    def place(self) -> tuple[str, ...]:
        """Return name and project."""
        return self.session.draft.name, self.session.draft.project.strip()

    def heading(self) -> str:
        """Return which dataset the tables are in."""
        return translate("Tables and views of {dataset}", dataset=self.session.draft.import_dataset.strip())

    def state(self) -> Content:
        """Return how many tables are ready, or were checked so far."""
        rows = self.session.rows()
        return Content.styled(score(rows, busy=self.session.busy), "bold") if rows or self.session.busy else Content("")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter opens a table, and the keys of the screen; without tables those that need none."""
        without = frozenset({"commands", "refresh"})
        if not self.session.rows():
            return keyboard.hints(*self.scopes, "app", without=without | _OF_TABLES)
        return [("Enter", translate("Details")), *keyboard.hints(*self.scopes, "app", without=without)]

    def _layout(self, width: int) -> TableColumns:
        if width not in self._columns:
            self._columns = {width: TableColumns(width)}
        return self._columns[width]

    def _line(self, name: str, width: int) -> Content:
        return self._layout(width).line(self._rows[name])

    def draw_body(self) -> None:
        """Draw the score, the list as far as it is known, and the text about the table under the cursor."""
        session = self.session
        rows = session.rows()
        self._rows = session.tables  # a new check begins with another one
        table = self.query_one("#tables", ConnectionTable)
        table.show([t.name for t in rows])
        width = table.width
        self.query_one("#heads", QuietStatic).show(self._layout(width).head() if width and rows else "")
        again = self.query_one("#again", Button)
        again.off = session.busy
        self.query_one("#go", Button).display = self.host.navigation.source_came_from_setup
        which = self.query_one("#which", QuietStatic)
        which.show(self._empty())
        which.display = bool(which.shown)
        about = self.query_one("#about", QuietStatic)
        about.show(self._about())
        about.display = bool(about.shown)

    def _empty(self) -> Content:
        """Return why there is nothing in the list, or the findings about all of it."""
        session = self.session
        if session.problem is not None:
            return Content.assemble(plain(session.problem.title, "bold $error"), ". ", plain(session.problem.cause))
        if session.report is None:
            return Content("")
        lines = [finding_line(f) for f in session.report.findings[:3]]
        if not session.tables:
            lines = [Content(translate("There is no table yet."))]
        if left := len(session.report.left_out):
            text = translate_n(
                "{n} table was left out; {key} looks at all.", "{n} tables were left out; {key} looks at all.", left,
                key=keyboard.face("source-all"),
            )  # fmt: skip
            lines.append(plain(text, "$text-quiet"))
        return Content("\n").join(lines)

    def _chosen(self) -> TableReport | None:
        name = self.query_one("#tables", ConnectionTable).row
        return self._rows.get(name) if name is not None else None

    def _about(self) -> Content:
        """Return the worst finding about the table under the cursor, in full."""
        table = self._chosen()
        if table is None:
            return Content("")
        worst = next(iter(table.reasons(table.likely)), None)
        said = plain(worst.text) if worst is not None else Content(translate("nothing to say"))
        return Content.assemble(plain(table.name, "bold"), ": ", said)

    def side(self) -> Content:
        """Return the side panel: the table under the cursor with its findings and columns."""
        table = self._chosen()
        return details(table, self.side_width) if table is not None else Content("")

    def draw_message(self, line: MessageLine) -> None:
        """Draw the message line: that tables are being checked, else the latest note."""
        if self.session.busy and self.session.since is not None:
            line.set_note("")
            line.busy(translate("Looking at the tables"), self.session.since, 0.0, "")
        else:
            line.set_note(self.latest_note(), self.host.wizard.note)
            line.idle()

    def _elapsed(self) -> float:
        since = self.session.since
        return self.host.services.clock.monotonic() - since if since is not None else 0.0

    # -- actions ----------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#again")
    def action_again(self) -> None:
        """r: check the tables again."""
        if not self.session.busy:
            self.host.launch(self.session.check(), "source")

    def action_all(self) -> None:
        """a: check every table, however many there are."""
        if not self.session.busy:
            self.host.launch(self.session.check(every=True), "source")

    @on(Button.Pressed, "#go")
    def _go_on(self) -> None:
        """Continue the set-up, if it led here."""
        self.host.navigation.leave_source(forward=True)

    def action_leave(self) -> None:
        """Escape: back to the previous screen; a running check continues, but a view is made first."""
        if self.session.making:
            self.host.tell(translate("A change is being made and will be finished first."), passing=True)
        else:
            self.host.navigation.leave_source(forward=False)

    def action_mapping(self) -> None:
        """m: edit what each column of the table under the cursor is for; after a choice the table is checked again."""
        from kbq_tui.tui.modals.mapping import MappingSheet

        table = self._chosen()
        if table is None or not table.columns:
            return

        def left(changed: bool | None) -> None:
            if changed:
                self.host.launch(self.session.check_again(table.name), "source")

        self.app.push_screen(MappingSheet(self.session, table), left)

    def action_propose_view(self) -> None:
        """v: propose a view of the table under the cursor, and create it after a confirmation."""
        table = self._chosen()
        if table is not None and table.columns and not self._proposing:
            self.host.launch(self._propose(table), "view")

    async def _propose(self, table: TableReport) -> None:
        from kbq_tui.tui.view_making import make_view_of

        self._proposing = True
        try:
            made = await make_view_of(self.host, self.session, table)
        finally:
            self._proposing = False
        if made is not None and self.is_attached:
            self.draw()
            self.query_one("#tables", ConnectionTable).go(made)

    def action_save_report(self) -> None:
        """s: save the report as Markdown and JSON."""
        report = self.session.report
        if report is None:
            self.host.wizard.say(translate("Nothing has been checked yet."), bad=True)
            return
        from kbq_tui.export.report import About
        from kbq_tui.export.source_report import SourceAbout, source_report

        spec = self.session.draft.spec()
        what = SourceAbout(About(spec, self.host.services.clock.now()), spec.klaviyo_dataset)
        texts = {suffix: source_report(report, what, suffix) for suffix in (".json", ".md")}
        self.host.exports.save_text("source", texts)

    def action_scroll_page(self, by: int) -> None:
        """Page Up and Page Down: a page of the list."""
        self.query_one("#tables", ConnectionTable).page(by)

    @on(ConnectionTable.Marked)
    def _moved(self) -> None:
        self.draw()

    @on(ConnectionTable.Entered)
    def _open(self) -> None:
        from kbq_tui.tui.modals.table_report import TableSheet

        table = self._chosen()
        if table is not None:
            self.app.push_screen(TableSheet(table), self._go_on_with)

    def _go_on_with(self, wanted: str | None) -> None:
        """Continue with the mapping or a view, if that was chosen in the table's report."""
        if wanted == "mapping":
            self.action_mapping()
        elif wanted == "propose_view":
            self.action_propose_view()
