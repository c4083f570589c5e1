"""Rows of the screens, made from the wizard's state. Pure: same state, same rows."""

from dataclasses import replace

from textual.content import Content

from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.status import Line
from kbq_tui.i18n.messages import EMPTY, Message, message, render, translate
from kbq_tui.model.checks import Check, CheckResult, Verdict, counted, expected, healthy, verified
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lazy_pattern import pattern
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec
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
_VERDICTS = {
    Verdict.PASS: Tone.OK,
    Verdict.FAIL: Tone.FAIL,
    Verdict.UNKNOWN: Tone.UNKNOWN,
    Verdict.SKIPPED: Tone.SKIP,
}
ALIGNED = 75
"""Cells from which a check's title and its time stand in columns; with fewer, its title goes on below."""
_CAPITAL = pattern(r"(?<=[a-z])(?=[A-Z])")


def finding_row(finding: PreflightRow) -> Row:
    """Return one row of the first screen's status panel."""
    content = columns((status(finding.tone), 0), (plain(finding.title), 20), (plain(finding.text), 0))
    return Row(finding.id, content, finding.problem, whole=status_width() + 20)


def _whole(rows: list[Row]) -> list[Row]:
    """Return rows that are wrapped: what would be cut is an address or a reason."""
    return [replace(row, whole=status_width()) for row in rows]


def _line(tone: Tone, text: str | Message, more: str | Message = "") -> Content:
    parts = [(status(tone), 0), (plain(text), 0)]
    if more:
        parts.append((plain(f": {shown(more)}", "$text-quiet"), 0))
    return columns(*parts)


def event_text(event: Event) -> str:
    """Return what an event says, with how long it has been waited of how long at most."""
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
    """Return the plan's warnings of some codes; of a key that is being deleted, how far that is."""
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
    """Return what is known to be more than is needed: by the look at the project, and by what checks have found since.

    Checks find more: what is held on single tables and on other datasets is looked for only once it is to go.
    """
    warnings = wizard.plan.warnings if wizard.plan is not None and wizard.current else ()
    planned = [w for w in warnings if w.code == Code.OVER_GRANT]
    results = wizard.results.values() if wizard.verified and wizard.current else ()
    checked = [r.problem for r in results if r.problem is not None and r.problem.code == Code.OVER_GRANT]
    known = {w.resource for w in planned}
    more = {p.resource: p for p in checked if p.resource not in known}
    return (*planned, *more.values())


def _warned(warning: Problem) -> Message:
    """Return a warning in one line that says first what tells it from others of its kind."""
    known = warning.details
    if warning.code == Code.KEY_UNHELD:
        return message("key {key} at Google is not kept here", key=warning.detail("key_id")[:12])
    if warning.code == Code.OVER_GRANT:
        return message("{role} on {resource}: not needed", role=known["role"], resource=known["resource"])
    return warning.cause


def short_role(role: str) -> str:
    """Return a role as Google's console says it, without the service: `Data Viewer`; another's id as it is."""
    name = role.removeprefix("roles/").removeprefix("bigquery.")
    if not name:
        return translate("authorized")
    return _CAPITAL.sub(" ", name[0].upper() + name[1:]) if role.startswith("roles/bigquery.") else name


def check_rows(wizard: SetupSession, spec: ConnectionSpec, width: int) -> list[Row]:
    """Return every check with its article section, verdict and time; what was found too, where `width` has room."""
    return [_check_row(wizard, c, width) for c in expected(spec)]


def _check_row(wizard: SetupSession, check: Check, width: int) -> Row:
    result = wizard.results.get(check.id)
    event = wizard.running.get(check.id)
    section = Content.styled(check.article.ljust(4), "$text-quiet")
    if result is not None:
        tone, took, text = _VERDICTS[result.verdict], seconds(result.seconds), result.evidence
    elif event is not None and event.kind is EventKind.WAITING:
        tone, took, text = Tone.WAIT, seconds(event.elapsed), event.text
    elif event is not None:
        tone, took, text = Tone.RUN, "", EMPTY
    else:
        tone, took, text = Tone.TODO, "", EMPTY
    problem = result.problem if result else event.problem if event else None
    if width < ALIGNED:
        took = took.rjust(6) + " " if took else " " * 7
        content = Content.assemble(
            status(tone), section, (took, "$text-quiet"), plain(result.title if result is not None else check.title)
        )
        return Row(check.id, content, problem, whole=status_width() + 4 + 7)
    if width < 100:
        text = EMPTY
    content = columns(
        (status(tone), 0),
        (section, 4),
        (plain(result.title if result is not None else check.title), 54),
        (Content.styled(took.rjust(6), "$text-quiet"), 8),
        (plain(text, "$text-quiet"), 0),
    )
    return Row(check.id, content, problem)


def verdicts(results: dict[str, CheckResult], total: int) -> str:
    """Return the score in words: `11 ok, 2 fail, 3 to go`; once all are done and well, that it is verified."""
    if not results:
        return translate("nothing checked yet")
    found = tuple(results.values())
    if left := total - len(results):
        return f"{render(counted(found))}, {translate('{n} to go', n=left)}"
    return render(verified(found) if healthy(found) else counted(found))  # its place is 40 columns wide


def status_row(line: Line, *, dim: bool = False) -> Row:
    """Return one line of the dashboard.

    Args:
        line: the line.
        dim: it is not what the latest look saw.
    """
    content = columns((status(HEALTH[line.health]), 0), (plain(line.title), 19), (plain(line.text), 0))
    if dim:
        content = content.stylize("$text-quiet")
    return Row(line.id, content, line.problem, whole=status_width() + 19)
