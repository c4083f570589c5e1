"""The source check's list of tables, and the text about one of them. Pure: same values, same lines."""

from textual.content import Content

from kbq_tui.export.source_report import outcome_of, ready_for
from kbq_tui.i18n.messages import N_, grouped, render, translate, translate_n
from kbq_tui.model.source import ROLE_NAMES, ColumnReport, Ready, Severity, SourceFinding, TableReport, Use
from kbq_tui.tui.glyphs import DOT, GLYPHS, STYLES, Tone
from kbq_tui.tui.text import columns, plain, status, status_width, wrapped

TONES = {
    Severity.FAIL: Tone.FAIL,
    Severity.UNKNOWN: Tone.UNKNOWN,
    Severity.WARNING: Tone.WARN,
    Severity.NOTE: Tone.OK,
    None: Tone.OK,
}
_ROWS = 13
_NAME = (14, 32)
_READY = 18
_HEADS = (N_("STATE"), N_("TABLE"), N_("ROWS"), N_("READY FOR"), N_("REASON"))


class TableColumns:
    """The widths of the columns.

    Args:
        width: the available cells.
    """

    def __init__(self, width: int) -> None:
        self.state = status_width()
        room = width - self.state - _ROWS
        self.name = max(_NAME[0], min(_NAME[1], room // 3))
        self.ready = _READY if room - self.name > 2 * _READY else 0

    def head(self) -> Content:
        """Return the header."""
        state, name, rows, ready, reason = (translate(head) for head in _HEADS)
        cells = [(state, self.state), (name, self.name), (rows.rjust(_ROWS - 2), _ROWS)]
        cells += [(ready, self.ready)] if self.ready else []
        return columns(*((Content.styled(text, "$text-quiet"), width) for text, width in (*cells, (reason, 0))))

    def line(self, table: TableReport) -> Content:
        """Return one table in one line, with its worst finding."""
        worst = next((f for f in table.reasons(table.likely) if f.severity is not Severity.NOTE), None)
        rows = render(grouped(table.rows)) if table.rows is not None else "?"
        ready = ready_for(table)
        cells = [
            (status(TONES[table.verdict(None)]), self.state),
            (plain(table.name, "bold"), self.name),
            (Content(rows.rjust(_ROWS - 2)), _ROWS),
        ]
        if self.ready:
            cells.append((plain(ready), self.ready))
        return columns(*cells, (plain(worst.text if worst is not None else "", "$text-quiet"), 0))


def score(tables: list[TableReport], *, busy: bool) -> str:
    """Return how many tables are ready, in one sentence."""
    if busy:
        return translate_n("{n} table looked at so far", "{n} tables looked at so far", len(tables))
    return render(outcome_of(tables, None))


def finding_line(finding: SourceFinding) -> Content:
    """Return one finding: glyph and word, then the sentence."""
    if finding.severity is Severity.NOTE:
        head = Content.styled(f"{DOT} {translate('note')}".ljust(status_width()), "$text-quiet")
    else:
        head = status(TONES[finding.severity])
    return head + plain(finding.text)


def column_line(column: ColumnReport, name_width: int, type_width: int, *, sent: bool) -> Content:
    """Return one column: glyph, name, type, and what it is for."""
    tone = TONES[column.severity]
    role = translate(ROLE_NAMES[column.role]) if column.role else translate("sent as a property") if sent else ""
    sign = Content.styled(f"{GLYPHS[tone]} ", STYLES[tone])
    return columns(
        (sign, 2),
        (plain(column.name, "bold"), name_width),
        (plain(column.type, "$text-quiet"), type_width),
        (plain(role), 0),
    )


def details(table: TableReport, width: int) -> Content:
    """Return the whole report on a table: the uses it is ready for, each finding, each column."""
    ready = plain(ready_for(table), "bold")
    any_use = Ready.YES in table.ready.values()
    lines = [Content.assemble((translate("Ready for"), "$text-quiet"), ": ", ready) if any_use else ready]
    for use in Use:
        found = [f for f in table.reasons(use) if f.severity is not Severity.NOTE or use is table.likely]
        if use is not table.likely and table.ready[use] is not Ready.YES:
            continue  # that a table of profiles has no events is not worth mentioning
        more = [f for f in found if use is table.likely or f not in table.reasons(table.likely)]
        lines += [line for f in more for line in wrapped(finding_line(f), width, status_width())]
    name = min(32, max((len(c.name) for c in table.columns), default=0) + 2, max(12, width // 3))
    kind = min(24, max((len(c.type) for c in table.columns), default=0) + 2, max(10, width // 4))
    if table.columns:
        lines += [Content(""), Content.styled(translate("Columns"), "bold")]
    sent = table.likely is Use.EVENTS
    lines += [column_line(c, name, kind, sent=sent) for c in table.columns]
    return Content("\n").join(lines)
