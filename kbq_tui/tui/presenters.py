"""Rows of the screens, made from the wizard's state. Pure: same state, same rows."""

from dataclasses import replace

from textual.content import Content

from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.status import Line
from kbq_tui.i18n.messages import EMPTY, N_, Message, message, render, translate
from kbq_tui.model.checks import Check, CheckResult, Verdict, counted, expected, healthy, verified
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import Unknown
from kbq_tui.model.operations import Action, ActionKey, ActionKind, Change, Step
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.grants import Grant, held, over_grants, wanted
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.preflight_rows import HEALTH, PreflightRow
from kbq_tui.tui.text import columns, plain, seconds, shown, status, status_width
from kbq_tui.tui.widgets.rows import Row

_EVENTS = {
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
_NOT_SHOWN_YET = N_("made just now; Google does not show it everywhere yet")


def finding_row(finding: PreflightRow) -> Row:
    """Return one row of the first screen's status panel."""
    content = columns((status(finding.tone), 0), (plain(finding.title), 20), (plain(finding.text), 0))
    return Row(finding.id, content, finding.problem, whole=status_width() + 20)


def action_rows(wizard: SetupSession, step: Step) -> list[Row]:
    """Return a step's part of the plan: what is to be done, what is going on, what is in place, what is blocked."""
    part = wizard.part(step)
    if part is None:
        return []
    rows = [_action_row(wizard, a) for a in part.actions]
    for blocked in part.blocked:
        event = wizard.rows.get(blocked.id)
        if blocked.id in wizard.applied:
            rows.append(Row(blocked.id, _line(Tone.DONE, translate(_NOT_SHOWN_YET), blocked.action.summary)))
        elif event is not None and wizard.busy:
            rows.append(Row(blocked.id, _event_line(event), event.problem))
        else:
            tone = Tone.UNKNOWN if _is_unread(wizard, blocked.problem) else Tone.BLOCKED
            rows.append(
                Row(
                    blocked.id,
                    _line(tone, blocked.action.summary, blocked.problem.title),
                    blocked.problem,
                    blocked.action,
                )
            )
    return _whole(rows)


def _whole(rows: list[Row]) -> list[Row]:
    """Return rows that are wrapped: what would be cut is an address or a reason."""
    return [replace(row, whole=status_width()) for row in rows]


def _is_unread(wizard: SetupSession, problem: Problem) -> bool:
    seen = wizard.observed
    if seen is None:
        return False
    parts = (*seen.datasets.values(), seen.account, seen.keys, seen.bindings, seen.key)
    return any(isinstance(p, Unknown) and p.problem is problem for p in parts)


def _action_row(wizard: SetupSession, action: Action) -> Row:
    event = wizard.rows.get(action.id)
    failed = wizard.failed.get(action.id)
    if wizard.writing and action.change is not Change.NOOP:
        if event is None:
            return Row(action.id, _line(Tone.TODO, action.summary), None, action)
        return Row(action.id, _event_line(event), event.problem, action)
    if failed is not None and action.change is not Change.NOOP:
        return Row(action.id, _line(Tone.FAIL, action.summary, failed.title), failed, action)
    if action.id in wizard.applied and action.change is not Change.NOOP:
        return Row(action.id, _line(Tone.DONE, translate(_NOT_SHOWN_YET), action.summary), None, action)
    if action.id in wizard.applied:
        return Row(action.id, _line(Tone.DONE, action.summary), None, action)
    return Row(action.id, _line(_change_tone(action), action.summary), None, action)


def _change_tone(action: Action) -> Tone:
    return Tone(action.word)


def _line(tone: Tone, text: str | Message, more: str | Message = "") -> Content:
    parts = [(status(tone), 0), (plain(text), 0)]
    if more:
        parts.append((plain(f": {shown(more)}", "$text-quiet"), 0))
    return columns(*parts)


def _event_line(event: Event) -> Content:
    text = render(event.text)
    if event.kind is EventKind.WAITING and event.limit:
        took, limit = seconds(event.elapsed), seconds(event.limit)
        text = translate("{took} of at most {limit}: {text}", took=took, limit=limit, text=text)
    elif event.kind is EventKind.FINISHED and event.elapsed >= 1:
        text = f"{text} ({seconds(event.elapsed)})"
    return columns((status(_EVENTS[event.kind]), 0), (plain(text), 0))


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
    """Return a role as people say it: `dataViewer`."""
    return role.removeprefix("roles/").removeprefix("bigquery.") or translate("authorized")


def grant_table(wizard: SetupSession, width: int) -> tuple[Content, list[Row]]:
    """Return grants now and wanted, side by side, over-grants marked, and the heading over them.

    Where the columns would cut a name or a verdict there is no heading, and each grant goes on below.

    Args:
        wizard: the set-up.
        width: the cells there are.
    """
    spec, observed = wizard.spec(), wizard.observed
    if spec is None or observed is None or not wizard.current:
        return Content(""), []
    now, over = held(spec, observed), set(over_grants(spec, observed))
    lines: list[_GrantLine] = []
    for need in wanted(spec):
        have = next((g for g in now if (g.role, g.on) == (need.role, need.on)), None)
        unread = _unread(wizard, need)
        id_ = ActionKey(ActionKind.GRANT, need.on, need.role).id
        made = id_ in wizard.applied and have is None
        event = wizard.rows.get(id_)
        tone = (
            _EVENTS[event.kind]
            if event is not None and wizard.writing
            else Tone.DONE
            if made
            else Tone.NOOP
            if have is not None and have.condition is None
            else Tone.UNKNOWN
            if unread
            else Tone.FAIL
            if id_ in wizard.failed
            else Tone.GRANT
        )
        text = _held(have) if have else "?" if unread else translate("none")
        lines.append(_GrantLine(f"now:{id_}", plain(need.on.words), text, short_role(need.role), tone))
    for grant in over:
        id_, problem = f"over:{grant.on.name}:{grant.role}", _over_problem(wizard, grant)
        line = _GrantLine(id_, plain(grant.on.words), short_role(grant.role), translate("none"), Tone.WARN, problem)
        lines.append(line)
    role = 16
    where = max(24, min(48, width - 2 * role - status_width() + 1))  # nothing follows the status
    if all(x.where.cell_length < where and max(len(x.now), len(x.want)) < role for x in lines) and (
        where + 2 * role + status_width() - 1 <= width
    ):
        heads = (
            (Content(translate("where")), where),
            (Content(translate("now")), role),
            (Content(translate("wanted")), role),
        )
        return columns(*heads, (Content(""), 0)).stylize("$text-quiet"), [x.aligned(where, role) for x in lines]
    return Content(""), [x.listed() for x in lines]


@dataclass(frozen=True, slots=True)
class _GrantLine:
    """A grant as it is now and as it should be."""

    id: str
    where: Content
    now: str
    want: str
    tone: Tone
    problem: Problem | None = None

    def aligned(self, where: int, role: int) -> Row:
        """Return four columns: where, now, wanted, verdict."""
        cells = ((self.where, where), (plain(self.now), role), (plain(self.want), role))
        return Row(self.id, columns(*cells, (status(self.tone).rstrip(), 0)), self.problem)

    def listed(self) -> Row:
        """Return the verdict and all the rest, which goes on below."""
        both = translate("now {now}, wanted {wanted}", now=self.now, wanted=self.want)
        text = Content.assemble(status(self.tone), self.where, ": ", plain(both))
        return Row(self.id, text, self.problem, whole=status_width())


def _held(grant: Grant) -> str:
    role = short_role(grant.role)
    return translate("{role} (condition)", role=role) if grant.condition else role


def _over_problem(wizard: SetupSession, grant: Grant) -> Problem | None:
    for warning in wizard.plan.warnings if wizard.plan else ():
        if (
            warning.code == Code.OVER_GRANT
            and grant.role in (warning.detail("role"), "")
            and warning.resource == grant.on
        ):
            return warning
    return None


def _unread(wizard: SetupSession, grant: Grant) -> bool:
    if wizard.observed is None:
        return True
    if grant.dataset is None:
        return isinstance(wizard.observed.bindings, Unknown)
    return isinstance(wizard.observed.datasets.get(grant.dataset), Unknown)


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
