"""Rows of the screens, made from the wizard's state. Pure: same state, same rows."""

from dataclasses import replace

from textual.content import Content

from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.status import Line
from kbq_tui.i18n.messages import Message, message, render, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.figures import bars
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.problem import Problem
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.preflight_rows import HEALTH, PreflightRow
from kbq_tui.tui.text import columns, plain, seconds, shown, status, status_width
from kbq_tui.tui.widgets.rows import Row

EVENT_TONES = {
    EventKind.STARTED: Tone.RUN,
    EventKind.PROGRESSED: Tone.RUN,
    EventKind.WAITING: Tone.WAIT,
    EventKind.FINISHED: Tone.DONE,
    EventKind.FAILED: Tone.FAIL,
    EventKind.SKIPPED: Tone.SKIP,
}
_CAPITAL = pattern(r"(?<=[a-z])(?=[A-Z])")


def finding_row(finding: PreflightRow) -> Row:
    """Return one row of the first screen's status panel."""
    content = columns((status(finding.tone), 0), (plain(finding.title), 20), (plain(finding.text), 0))
    return Row(finding.id, content, finding.problem, whole=status_width() + 20)


def _whole(rows: list[Row]) -> list[Row]:
    """Return rows that are wrapped, because an address or a reason must not be cut."""
    return [replace(row, whole=status_width()) for row in rows]


def _line(tone: Tone, text: str | Message, more: str | Message = "") -> Content:
    parts = [(status(tone), 0), (plain(text), 0)]
    if more:
        parts.append((plain(f": {shown(more)}", "$text-quiet"), 0))
    return columns(*parts)


def event_text(event: Event) -> str:
    """Return the text of an event, with how long it has been waiting and the limit."""
    text = render(event.text)
    if event.kind is EventKind.WAITING and event.limit:
        took, limit = seconds(event.elapsed), seconds(event.limit)
        return translate("{took} of at most {limit}: {text}", took=took, limit=limit, text=text)
    if event.kind is EventKind.FINISHED and event.elapsed >= 1:
        return f"{text} ({seconds(event.elapsed)})"
    return text


def _event_line(event: Event) -> Content:
    return columns((status(EVENT_TONES[event.kind]), 0), (plain(event_text(event)), 0))


def warning_rows(wizard: SetupSession, *codes: str) -> list[Row]:
    """Return the plan's warnings with some codes; for a key that is being deleted, the progress."""
    if wizard.plan is None or not wizard.current:
        return []
    leftover = {k.id for k in wizard.leftovers()}
    rows: list[Row] = []
    found = [p for p in excess(wizard) if p not in wizard.plan.warnings]
    for i, warning in enumerate((*wizard.plan.warnings, *found)):
        key_id = warning.detail("key_id") if warning.code == Code.KEY_UNHELD else ""
        if warning.code not in codes or (key_id and key_id not in leftover):
            continue
        event = wizard.rows.get(wizard.deletion_id(key_id)) if wizard.writing else None
        rows.append(Row(f"warning:{i}", _event_line(event) if event else _line(Tone.WARN, _warned(warning)), warning))
    return _whole(rows)


def excess(wizard: SetupSession) -> tuple[Problem, ...]:
    """Return what is known to be more than is needed: from the reading of the project, and from checks since.

    Checks find more: grants on single tables and on other datasets are read only when they are to be removed.
    """
    warnings = wizard.plan.warnings if wizard.plan is not None and wizard.current else ()
    planned = [w for w in warnings if w.code == Code.OVER_GRANT]
    results = wizard.results.values() if wizard.verified and wizard.current else ()
    checked = [r.problem for r in results if r.problem is not None and r.problem.code == Code.OVER_GRANT]
    known = {w.resource for w in planned}
    more = {p.resource: p for p in checked if p.resource not in known}
    return (*planned, *more.values())


def _warned(warning: Problem) -> Message:
    """Return a warning in one line that begins with what distinguishes it from others of its kind."""
    known = warning.details
    if warning.code == Code.KEY_UNHELD:
        return message("key {key} at Google is not kept here", key=warning.detail("key_id")[:12])
    if warning.code == Code.OVER_GRANT:
        return message("{role} on {resource}: not needed", role=known["role"], resource=known["resource"])
    return warning.cause


def short_role(role: str) -> str:
    """Return a role's name in Google's console, without the service: `Data Viewer`; other roles' ids unchanged."""
    name = role.removeprefix("roles/").removeprefix("bigquery.")
    if not name:
        return translate("authorized")
    return _CAPITAL.sub(" ", name[0].upper() + name[1:]) if role.startswith("roles/bigquery.") else name


def status_row(line: Line, *, dim: bool = False) -> Row:
    """Return one line of the dashboard.

    Args:
        line: the line.
        dim: whether the latest reading did not see it.
    """
    text = plain(line.text)
    if line.counts:
        text = Content.assemble(text, "  ", bars(line.counts))
    content = columns((status(HEALTH[line.health]), 0), (plain(line.title), 19), (text, 0))
    if dim:
        content = content.stylize("$text-quiet")
    return Row(line.id, content, line.problem, whole=status_width() + 19)
