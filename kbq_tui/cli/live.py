"""Lines at the end of a terminal's output that are redrawn in place, such as one for each wait."""

import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from kbq_tui.i18n.messages import translate_n
from kbq_tui.model.lean_dataclass import dataclass

Size = Callable[[], tuple[int, int]]
_MORE = ""
"""Used in place of a line's key: the row that counts the lines for which there is no room."""


def size_of(stream: TextIO) -> tuple[int, int]:
    """Return the columns and rows of the terminal behind a stream; 80 and 24 where they are not known.

    Descriptor 2 may lead elsewhere for a moment (`local.foreign_output`): then standard input's terminal is asked.
    """
    for number in (stream.fileno, lambda: 0):
        with suppress(OSError, ValueError):
            found = os.get_terminal_size(number())
            return found.columns or 80, found.lines or 24
    return 80, 24


def cells(text: str) -> int:
    """Return how many columns a text without control characters takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


def cut(text: str, width: int) -> str:
    """Return a text in at most `width` columns, with an ellipsis if it was longer."""
    if cells(text) <= width:
        return text
    kept = text[: max(0, width)]
    while kept and cells(kept) > width - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


@dataclass(frozen=True, slots=True)
class LiveLine:
    """The content of one line.

    Attributes:
        mark: at the beginning; may be coloured.
        width: the columns of the mark.
        title: its subject.
        text: its state; on a separate row if both do not fit on one.
    """

    mark: str
    width: int
    title: str
    text: str = ""

    def rows(self, columns: int) -> list[tuple[str, int]]:
        """Return the rows to draw, each with its number of columns; none is wrapped."""
        room = columns - self.width - 1
        both = f"{self.title}: {self.text}" if self.text else self.title
        parts = [both] if cells(both) <= room or not self.text else [self.title, self.text]
        marks = [self.mark, *(" " * self.width for _ in parts[1:])]
        return [(m + cut(p, room), self.width + cells(cut(p, room))) for m, p in zip(marks, parts, strict=True)]


class LiveLines:
    """Draws lines in place. The cursor stays below them; other output is inserted above them.

    Args:
        stream: a terminal that can move its cursor.
        size: its columns and rows.
    """

    def __init__(self, stream: TextIO, size: Size) -> None:
        self.stream = stream
        self.size = size
        self._lines: dict[str, LiveLine] = {}
        self._drawn: dict[str, list[int]] = {}
        """By line, the columns of each of its rows."""
        self._columns = 0

    def put(self, key: str, line: LiveLine) -> None:
        """Show a line, in place of the one with this key."""
        if self._lines.get(key) == line:
            return
        self._lines[key] = line
        columns, _ = self.size()
        rows = line.rows(columns)
        if columns != self._columns or len(self._drawn.get(key, ())) != len(rows) or _MORE in self._drawn:
            self._write(self._hidden() + self._shown())
            return
        at = list(self._drawn).index(key)
        up = sum(map(len, list(self._drawn.values())[at:]))
        self._drawn[key] = [width for _, width in rows]
        drawn = "".join(f"\r\x1b[2K{text}\x1b[1B" for text, _ in rows)
        below = f"\x1b[{up - len(rows)}B" if up > len(rows) else ""
        self._write(f"\x1b[{up}A{drawn}{below}\r")

    def drop(self, key: str) -> None:
        """Remove a line."""
        if self._lines.pop(key, None) is not None:
            self._write(self._hidden() + self._shown())

    def clear(self) -> None:
        """Remove all lines."""
        self._lines.clear()
        self.hide()

    def hide(self) -> None:
        """Erase the lines, so that something can be written; `show` puts them back below it."""
        self._write(self._hidden())

    def show(self) -> None:
        """Draw the lines again."""
        self._write(self._shown())

    def _hidden(self) -> str:
        """Return what erases the drawn lines, as the terminal wraps them now."""
        if not self._drawn:
            return ""
        columns = max(1, self.size()[0])
        rows = sum(max(1, -(-width // columns)) for widths in self._drawn.values() for width in widths)
        self._drawn = {}
        return f"\x1b[{rows}A\r\x1b[J"

    def _shown(self) -> str:
        columns, most = self.size()
        self._columns = columns
        drawn: list[str] = []
        room = max(1, most - 2)
        for n, (key, line) in enumerate(self._lines.items()):
            rows, left = line.rows(columns), len(self._lines) - n
            if len(drawn) + len(rows) + (left > 1) > room:
                more = cut(translate_n("… {n} more waits", "… {n} more wait", left), columns - 1)
                drawn.append(more)
                self._drawn[_MORE] = [cells(more)]
                break
            drawn += (text for text, _ in rows)
            self._drawn[key] = [width for _, width in rows]
        return "".join(f"{text}\n" for text in drawn)

    def _write(self, text: str) -> None:
        if not text:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            self._drawn = {}  # a failure to print must not stop the work
