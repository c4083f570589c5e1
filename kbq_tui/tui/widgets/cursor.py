"""The place of the terminal's own cursor, which screen readers and magnifiers follow."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.geometry import Offset
from textual.reactive import reactive
from textual.widget import Widget

from kbq_tui.tui import keyboard


class CursorWidget(Widget):
    """A widget that gives the cursor's place while it has the focus."""

    def point(self) -> Offset:
        """Return the place within the widget's content."""
        return Offset(0, 0)


class RowCursor(CursorWidget):
    """A list with a cursor. At its ends the arrow keys go on to the next field, so that they reach everything.

    Attributes:
        rows: its rows.
        cursor: the number of the row under the cursor; each list decides what is drawn when it changes.
    """

    BINDINGS: ClassVar = [
        keyboard.bound("previous", "move(-1)"),
        keyboard.bound("next", "move(1)"),
        keyboard.bound("first", "edge(-1)"),
        keyboard.bound("last", "edge(1)"),
        Binding("enter", "choose", show=False),
    ]

    rows: Sequence[object]
    cursor: reactive[int]
    _touched = False

    def action_move(self, by: int) -> None:
        """Up and Down: go to another row; past either end, to the field before or after the list."""
        self._touched = True
        to = self.cursor + by
        if 0 <= to < len(self.rows):
            self.cursor = to
        elif by > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_edge(self, side: int) -> None:
        """Home and End: go to the first row (`side` below 0) or to the last."""
        self._touched = True
        self.cursor = 0 if side < 0 else max(0, len(self.rows) - 1)
