"""`status --watch`: on a terminal a table that is redrawn in place, else a line for each change."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from kbq_tui.cli.commands.status.status_table import MARKS, lines_of, sum_of, unread_lines
from kbq_tui.cli.console import Console
from kbq_tui.cli.live import cells, cut, size_of
from kbq_tui.engine.status_row import State, StatusRow
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.text import inert, without_colour

_CHANGES = 5
"""The number of changes that stay visible below the table."""


class Watching:
    """Shows one look after the other.

    Args:
        console: where they are printed.
        interval: seconds between two looks.
    """

    def __init__(self, console: Console, interval: float) -> None:
        self._console = console
        self._interval = interval
        self._in_place = console.live is not None and console.out.isatty()
        self._before: dict[str, StatusRow] = {}
        self._changes: deque[str] = deque(maxlen=_CHANGES)
        self._drawn = 0

    def show(self, rows: Sequence[StatusRow], now: datetime) -> None:
        """Show one look of all connections.

        Args:
            rows: all of them.
            now: aware UTC.
        """
        for row in rows:
            before = self._before.get(row.name)
            if before is None and self._in_place:
                continue  # the table shows it
            if before is None or before.state is not row.state:
                self._changed(row, before.state if before is not None else None, now)
        self._before = {row.name: row for row in rows}
        if self._in_place:
            self._draw(rows, now)

    def _changed(self, row: StatusRow, before: State | None, now: datetime) -> None:
        word = self._console.word
        was = f"{word(MARKS[before])} -> " if before is not None else ""
        why = f": {inert(render(row.reason), 200)}" if row.reason else ""
        if self._in_place:
            self._changes.append(f"{now.astimezone():%H:%M:%S} {inert(row.name)} {was}{word(MARKS[row.state])}{why}")
        else:
            stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            self._console.result(f"{stamp} {inert(row.name)} {was}{word(MARKS[row.state])}{why}")

    def _draw(self, rows: Sequence[StatusRow], now: datetime) -> None:
        out = self._console.out
        columns, height = size_of(out)
        time, sum_ = f"{now.astimezone():%H:%M:%S}", sum_of(rows, self._console)
        head = translate("{time}  {sum}. Next look in {n:.0f} s; Ctrl+C ends.", time=time, sum=sum_, n=self._interval)
        below = [*unread_lines(rows), *self._changes]
        body = lines_of(rows, self._console, now)
        room = max(2, height - 2 - len(below))
        if len(body) > room:
            body = [*body[: room - 1], translate("… {n} more", n=len(body) - room + 1)]
        lines = [_fitting(line, columns) for line in (head, *body, *below)]
        erase = f"\x1b[{self._drawn}A\r\x1b[J" if self._drawn else ""
        out.write(erase + "".join(f"{line}\n" for line in lines))
        out.flush()
        self._drawn = len(lines)


def _fitting(line: str, columns: int) -> str:
    """Return a line that takes only one row; one that is cut loses its colours."""
    plain = without_colour(line)
    return line if cells(plain) < columns else cut(plain, columns - 1)
