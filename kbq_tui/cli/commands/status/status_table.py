"""A table of connections, one line each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kbq_tui.cli.console import Console
from kbq_tui.cli.table import table
from kbq_tui.engine.status_row import State, StatusRow, counted, ordered
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.model.age import ago
from kbq_tui.model.text import inert

MARKS: Final = {State.FAILING: "fail", State.UNREAD: "unknown", State.WARNING: "warning", State.OK: "pass"}
"""The console's word for each state."""
_HEADING: Final = (N_("NAME"), N_("STATE"), N_("PROJECT"), N_("KEY"), N_("VERIFIED"), N_("NEXT"))
_KEY: Final = 3
_NAMED: Final = 5
"""The most connections that could not be read and are named below the table."""


def lines_of(rows: Sequence[StatusRow], console: Console, now: datetime) -> list[str]:
    """Return the table, the worst first; no lines if there are no rows."""
    cells = [_cells(row, console, now) for row in ordered(rows)]
    return table([translate(word) for word in _HEADING], cells, right=(_KEY,)) if cells else []


def _cells(row: StatusRow, console: Console, now: datetime) -> list[str]:
    unread = "?" if row.key_unread else "-"
    unverified = translate("never") if row.looked else "?"
    return [
        inert(row.name),
        console.mark(MARKS[row.state], result=True),
        inert(row.project) or "?",
        translate("{n} d", n=row.key_days) if row.key_days is not None else unread,
        render(ago(row.verified, now)) if row.verified is not None else unverified,
        row.command,
    ]


def sum_of(rows: Sequence[StatusRow], console: Console) -> str:
    """Return the number of connections in each state: `1 ok, 1 fail`."""
    return ", ".join(f"{n} {console.word(MARKS[state])}" for state, n in counted(rows).items())


def unread_lines(rows: Sequence[StatusRow]) -> list[str]:
    """Return which connections could not be read, and why; of many the first few."""
    unread = [row for row in ordered(rows) if row.state is State.UNREAD]
    shown = [(inert(row.name), inert(render(row.reason), 200)) for row in unread[:_NAMED]]
    lines = [translate("? {name}: {why}", name=name, why=why) for name, why in shown]
    if len(unread) > _NAMED:
        lines.append(translate("? and {n} more", n=len(unread) - _NAMED))
    return lines
