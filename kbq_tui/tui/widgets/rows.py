"""A list of rows with a cursor: updated in place, used with the arrow keys. A row that may not be cut is wrapped."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from kbq_tui.i18n.messages import translate
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.operations import Action
from kbq_tui.model.problem import Problem
from kbq_tui.tui.text import HANGING_INDENT, shortened, wrapped
from kbq_tui.tui.widgets.cursor import RowCursor


@dataclass(frozen=True, slots=True)
class Row:
    """One line, or as many as it needs.

    Attributes:
        id: stable; the cursor stays on it when rows come and go.
        content: what it shows.
        problem: what Enter explains.
        action: the change in this row, whose command the side panel shows.
        whole: cells at its beginning that stay together when it is wrapped; None if it is one line and cut.
        below: further lines that belong to it, indented; only a path or an address is cut in its middle.
    """

    id: str
    content: Content
    problem: Problem | None = None
    action: Action | None = None
    whole: int | None = None
    below: tuple[Content, ...] = ()

    def lines(self, width: int) -> list[Content]:
        """Return its lines in `width` cells."""
        lines = [self.content] if self.whole is None or not width else wrapped(self.content, width, self.whole)
        return [*lines, *(part for line in self.below for part in _set_in(line, width))]


def row_hint(widget: Widget | None) -> str:
    """Return what Enter does in a list that has the focus; empty in anything else, and if it does nothing."""
    row = widget.row if isinstance(widget, Rows) else None
    if row is None:
        return ""
    return translate("Problem") if row.problem is not None else translate("Command") if row.action is not None else ""


def _set_in(line: Content, width: int) -> list[Content]:
    """Return an indented line: a sentence continues below, a path or an address is cut in its middle."""
    indent, room = Content(" " * HANGING_INDENT), width - HANGING_INDENT
    if " " in line.plain or room < 1:
        return wrapped(indent + line, width, HANGING_INDENT)
    return [indent + shortened(line, room)]


class Rows(RowCursor, can_focus=True):
    """A list of rows. At its ends the arrow keys go on to the next field, so that they reach everything."""

    cursor: reactive[int] = reactive(0, layout=False)

    class OfRow(Message):
        """A message about a row."""

        def __init__(self, rows: "Rows", row: Row) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> "Rows":
            """The list, for `@on` with a selector."""
            return self.rows

    class Chosen(OfRow):
        """Enter was pressed on a row."""

    class Moved(OfRow):
        """The cursor is on another row."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self.rows: tuple[Row, ...] = ()
        self._touched = False

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows; nothing is drawn if nothing changed."""
        new = tuple(rows)
        if new == self.rows:
            return
        here = self.row
        before = self._height()
        self.rows = new
        self.can_focus = bool(new)
        found = next((i for i, r in enumerate(new) if here is not None and r.id == here.id), None)
        if not self._touched:
            # Until it is moved, the cursor is on the first row that needs attention.
            found = next((i for i, r in enumerate(new) if r.problem is not None), found)
        self.set_reactive(Rows.cursor, found if found is not None else min(self.cursor, max(0, len(new) - 1)))
        self.refresh(layout=self._height() != before)
        if self.row is not None and self.row != here:
            self.post_message(self.Moved(self, self.row))
            if self.row.problem is not None and not self._touched and not self.has_focus:
                self.call_after_refresh(self._follow)  # it may have been scrolled out of sight

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def render(self) -> Content:
        """Draw all rows; the one under the cursor is highlighted while the list has the focus."""
        lines: list[Content] = []
        width = self.content_size.width
        for index, row in enumerate(self.rows):
            for line in row.lines(width):
                shown = line
                if index == self.cursor and self.has_focus:
                    shown = line.truncate(width, ellipsis=True) if line.cell_length > width else line
                    shown = shown.pad_right(max(0, width - shown.cell_length)).stylize("$on-cursor on $cursor")
                    if self.app.no_color:
                        shown = shown.stylize("reverse")
                lines.append(shown)
        return Content("\n").join(lines)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """Return how many lines the rows take at a width, in cells."""
        return sum(len(row.lines(width)) for row in self.rows)

    def _height(self) -> int:
        return self.get_content_height(None, None, self.content_size.width)

    def _top(self) -> int:
        """Return the line on which the row under the cursor begins."""
        return sum(len(row.lines(self.content_size.width)) for row in self.rows[: self.cursor])

    def watch_cursor(self) -> None:
        """Keep the cursor visible, and tell the screen which row it is on."""
        if self.has_focus:
            self._follow()
        if self.row is not None:
            self.post_message(self.Moved(self, self.row))

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()
        self._follow()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def _follow(self) -> None:
        """Scroll the row into sight."""
        height = len(self.row.lines(self.content_size.width)) if self.row is not None else 1
        y = self.virtual_region.y + self._top()
        above = self.parent
        while isinstance(above, Widget):
            if above.allow_vertical_scroll:
                above.scroll_to_region(Region(0, y, 1, height), animate=False, x_axis=False)
                return
            y += above.virtual_region.y
            above = above.parent

    def point(self) -> Offset:
        """Return the place of the row under the cursor."""
        return Offset(0, self._top())

    def action_choose(self) -> None:
        """Enter: tell the screen which row was chosen."""
        if self.row is not None:
            self.post_message(self.Chosen(self, self.row))
