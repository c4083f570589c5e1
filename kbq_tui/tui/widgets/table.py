"""A long list with one line for each row. Only visible lines are drawn, so thousands cost no more than twenty."""

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from kbq_tui.tui._textual_compat import set_lines
from kbq_tui.tui.widgets.cursor import RowCursor

Draw = Callable[[str, int], Content]
"""Returns the line of a row, by its id, with so many cells."""


class ConnectionTable(RowCursor, ScrollView, can_focus=True):
    """Rows with ids, under a cursor that stays on its row when rows are added, removed or moved.

    Args:
        draw: returns the content of a row.
    """

    cursor: reactive[int] = reactive(0, layout=False, repaint=False)

    class Entered(Message):
        """Enter was pressed on a row."""

    class Marked(Message):
        """The cursor is on another row."""

    def __init__(self, draw: Draw, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._draw = draw
        self._touched = False
        self.rows: tuple[str, ...] = ()
        self._drawn: dict[int, Content] = {}
        """The text of each visible line."""

    def show(self, rows: Sequence[str], *, top: bool = False) -> None:
        """Show these rows.

        Args:
            rows: their ids.
            top: put the cursor on the first one; it stays on its row otherwise.
        """
        new, here, before = tuple(rows), self.row, self.cursor
        if top:
            self._touched = False
        if new != self.rows:
            self.rows = new
            self.can_focus = bool(new)
            set_lines(self, self.size.width, len(new))
        # Until it is moved, the cursor is on the first row, which is the worst.
        found = new.index(here) if self._touched and here in new else None
        self.set_reactive(
            ConnectionTable.cursor, found if found is not None else min(self.cursor, max(0, len(new) - 1))
        )
        if not self._touched:
            self.set_reactive(ConnectionTable.cursor, 0)
        self._follow()
        self._refresh_changed(moved=self.cursor != before)
        if self.row != here:
            self.post_message(self.Marked())

    def _refresh_changed(self, *, moved: bool) -> None:
        """Draw the visible lines that have changed; while a list fills, most of them stay as they are.

        Args:
            moved: whether the cursor is on another line.
        """
        if moved or not self.size.height:
            self.refresh()
            return
        top, width = self.scroll_offset.y, self.width
        changed = [
            y
            for y in range(self.size.height)
            if y not in self._drawn or not self._drawn[y].is_same(self._line(top + y, width))
        ]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _line(self, at: int, width: int) -> Content:
        """Return the content of a row by its number; empty below the last."""
        return self._draw(self.rows[at], width) if at < len(self.rows) else Content("")

    def go(self, row: str) -> None:
        """Put the cursor on a row, if it exists."""
        if row in self.rows:
            self._touched = True
            self.cursor = self.rows.index(row)

    @property
    def row(self) -> str | None:
        """The id of the row under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def width(self) -> int:
        """The cells of a row, without the scroll bar."""
        return self.scrollable_content_region.width

    def render_line(self, y: int) -> Strip:
        """Return a visible line; the one under the cursor is highlighted while the list has the focus."""
        at, width = self.scroll_offset.y + y, self.width
        line = self._drawn[y] = self._line(at, width)
        if at >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        line = line.truncate(width, ellipsis=True) if line.cell_length > width else line
        if at == self.cursor and self.has_focus:
            line = line.pad_right(max(0, width - line.cell_length)).stylize("$on-cursor on $cursor")
            if self.app.no_color:
                line = line.stylize("reverse")
        strips = Visual.to_strips(self, line, width, 1, self.visual_style)
        return strips[0].adjust_cell_length(width, self.rich_style) if strips else Strip.blank(width, self.rich_style)

    def watch_cursor(self, old: int, new: int) -> None:
        """Keep the cursor visible, draw the two rows that changed, and notify the screen."""
        self._follow()
        top = self.scroll_offset.y
        self.refresh(*(Region(0, at - top, self.size.width, 1) for at in (old, new)))
        if self.row is not None:
            self.post_message(self.Marked())

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor visible."""
        set_lines(self, self.size.width, len(self.rows))
        self._follow()

    def _follow(self) -> None:
        """Scroll the row under the cursor into sight."""
        height, top = self.size.height, self.scroll_offset.y
        if not height:
            return
        at = max(min(top, self.cursor), self.cursor - height + 1, 0)
        if at != top:
            self.scroll_to(y=at, animate=False, immediate=True)

    def point(self) -> Offset:
        """Return the place of the row under the cursor."""
        return Offset(0, self.cursor - self.scroll_offset.y)

    def page(self, by: int) -> None:
        """Go one page up (`by` of 0 or less) or down."""
        self._touched = True
        step = max(1, self.size.height - 1)
        self.cursor = max(0, min(len(self.rows) - 1, self.cursor + (step if by > 0 else -step)))

    def action_choose(self) -> None:
        """Enter: tell the screen which row was chosen."""
        if self.row is not None:
            self.post_message(self.Entered())
