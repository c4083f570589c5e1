"""A step's table: the resource, its present state, the wanted state, and the change. Pure: same state, same rows."""

from dataclasses import field
from typing import Final

from textual.content import Content

from kbq_tui.engine.setup import SetupSession
from kbq_tui.i18n.messages import N_, Message, render, translate, translate_n
from kbq_tui.model.events import Event, EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.observed import DatasetInfo, Observed, Part, Present, Unknown, handed_key
from kbq_tui.model.operations import (
    Action,
    Change,
    CreateAccount,
    CreateDataset,
    CreateKey,
    GrantDatasetRole,
    GrantProjectRole,
    RevokeDatasetRole,
    RevokeProjectRole,
    Step,
)
from kbq_tui.model.problem import Problem
from kbq_tui.model.refs import DatasetRef, ProjectRef
from kbq_tui.planning.grants import held
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.presenters import EVENT_TONES, event_text, excess, short_role
from kbq_tui.tui.text import columns, plain, shortened, shown, status, status_width
from kbq_tui.tui.widgets.rows import Row

NOT_SHOWN_YET: Final = N_("made just now; Google does not show it everywhere yet")
LEAST_ON: Final = 20
"""The least cells of a name; with fewer, the table becomes a list."""
GAP: Final = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of the table.

    Attributes:
        id: the id of its row.
        on: its subject.
        now: the present state; a question mark if it could not be read.
        want: the wanted state; empty if nothing is wanted.
        tone: what will be done with it.
        note: the reason, or the progress.
        problem: what Enter explains.
        action: the change in this line.
        below: lines that belong to it, such as a full path.
    """

    id: str
    on: str
    now: str
    want: str
    tone: Tone
    note: str | Message = ""
    problem: Problem | None = None
    action: Action | None = None
    below: tuple[Content, ...] = field(default=())


def plan_table(lines: list[PlanLine], width: int) -> tuple[Content, list[Row]]:
    """Return the heading and the rows of a table. If the columns do not fit, there is no heading, but a list.

    Args:
        lines: its lines.
        width: the available cells.
    """
    if not lines:
        return Content(""), []
    heads = (translate("ON"), translate("NOW"), translate("WANTED"))
    widest = max(_cells(x.on) for x in lines)
    state = max(*(_cells(text) for x in lines for text in (x.now, x.want)), *map(len, heads[1:])) + GAP
    on = min(max(widest, len(heads[0])) + GAP, width - 2 * state - status_width())
    if on < min(widest, LEAST_ON) + GAP:
        return Content(""), [_listed(x) for x in lines]
    head = columns(*((Content(text), cells) for text, cells in zip(heads, (on, state, state), strict=True)))
    return head.rstrip().stylize("$text-quiet"), [_aligned(x, on, state, width) for x in lines]


def _cells(text: str) -> int:
    return plain(text).cell_length


def _aligned(line: PlanLine, on: int, state: int, width: int) -> Row:
    """Return a line in columns; a note that does not fit beside the others is below."""
    content = columns(
        (shortened(plain(line.on), on - GAP), on),
        (plain(line.now), state),
        (plain(line.want), state),
        (status(line.tone).rstrip(), 0),
    )
    note = plain(line.note, "$text-quiet")
    below = line.below
    if note and content.cell_length + 1 + note.cell_length <= width:
        content = Content.assemble(content, " ", note)
    elif note:
        below = (note, *below)
    return Row(line.id, content, line.problem, line.action, below=below)


def _listed(line: PlanLine) -> Row:
    """Return a line as a sentence, continued below."""
    now = translate("now {now}, wanted {wanted}", now=line.now, wanted=line.want) if line.want else line.now
    parts: list[Content | str] = [status(line.tone), plain(line.on), ": ", plain(now)]
    if line.note:
        parts += ["; ", plain(line.note, "$text-quiet")]
    return Row(line.id, Content.assemble(*parts), line.problem, line.action, whole=status_width(), below=line.below)


def plan_lines(wizard: SetupSession, step: Step) -> list[PlanLine]:
    """Return a line for everything in a step: to be done, running, in place, or blocked."""
    part = wizard.part(step)
    if part is None:
        return []
    lines = [_planned(wizard, action) for action in part.actions]
    for blocked in part.blocked:
        event = wizard.rows.get(blocked.id)
        if blocked.id in wizard.applied:
            lines.append(_line(wizard, blocked.action, Tone.DONE, translate(NOT_SHOWN_YET)))
        elif event is not None and wizard.busy:
            lines.append(_going_on(wizard, blocked.action, event))
        else:
            tone = Tone.UNKNOWN if _is_unread(wizard, blocked.problem) else Tone.BLOCKED
            lines.append(_line(wizard, blocked.action, tone, blocked.problem.title, blocked.problem))
    return lines


def progress(wizard: SetupSession, step: Step) -> tuple[int, int]:
    """Return how many changes of a step are made, and the total, while they are being made."""
    part = wizard.part(step)
    ids = [action.id for action in part.changes] if part is not None else []
    done = [id_ for id_ in ids if (event := wizard.rows.get(id_)) is not None and event.kind is EventKind.FINISHED]
    return len(done), len(ids)


def over_lines(wizard: SetupSession) -> list[PlanLine]:
    """Return a line for each role that the account holds and does not need."""
    lines: list[PlanLine] = []
    for problem in excess(wizard):
        where, role = shown(problem.details.get("resource", "")), problem.detail("role")
        note = translate("more than needed")
        lines.append(
            PlanLine(f"over:{where}:{role}", where, short_role(role), translate("none"), Tone.WARN, note, problem)
        )
    return lines


def _is_unread(wizard: SetupSession, problem: Problem) -> bool:
    seen = wizard.observed
    if seen is None:
        return False
    parts = (*seen.datasets.values(), seen.account, seen.keys, seen.bindings, seen.key)
    return any(isinstance(p, Unknown) and p.problem is problem for p in parts)


def _planned(wizard: SetupSession, action: Action) -> PlanLine:
    event = wizard.rows.get(action.id)
    failed = wizard.failed.get(action.id)
    if action.change is Change.NOOP:
        return _line(wizard, action, Tone.DONE if action.id in wizard.applied else Tone.NOOP)
    if wizard.writing:
        return _line(wizard, action, Tone.TODO) if event is None else _going_on(wizard, action, event)
    if failed is not None:
        return _line(wizard, action, Tone.FAIL, failed.title, failed)
    if action.id in wizard.applied:
        return _line(wizard, action, Tone.DONE, translate(NOT_SHOWN_YET))
    return _line(wizard, action, Tone(action.word))


def _going_on(wizard: SetupSession, action: Action, event: Event) -> PlanLine:
    note = "" if event.kind in (EventKind.STARTED, EventKind.FINISHED) else event_text(event)
    return _line(wizard, action, EVENT_TONES[event.kind], note, event.problem)


def _line(
    wizard: SetupSession, action: Action, tone: Tone, note: str | Message = "", problem: Problem | None = None
) -> PlanLine:
    on, now, want = _states(wizard, action)
    note = note or _content(wizard.observed, action)
    return PlanLine(action.id, on, now, want, tone, note, problem, action)


def _states(wizard: SetupSession, action: Action) -> tuple[str, str, str]:
    """Return an action's subject, its present state, and the wanted state."""
    seen = wizard.observed
    match action.op:
        case CreateDataset(dataset=name, location=location):
            want = translate("in {where}", where=location) if location else "?"
            return name, _dataset(seen.datasets.get(name) if seen else None), want
        case CreateAccount(account_id=account):
            return translate("account {account}", account=account), _account(seen), translate("exists")
        case CreateKey():
            return translate("its key"), _key(seen), translate("kept here")
        case GrantProjectRole(role=role) | GrantDatasetRole(role=role):
            return _where(action), _grant(wizard, action, role), short_role(role)
        case RevokeProjectRole(role=role) | RevokeDatasetRole(role=role):
            return _where(action), short_role(role), translate("none")
    return render(action.summary), "", ""


def _where(action: Action) -> str:
    ref = action.key.ref
    return render(ref.words if isinstance(ref, ProjectRef | DatasetRef) else action.summary)


def _dataset(part: Part[DatasetInfo] | None) -> str:
    match part:
        case Present(value=info):
            return translate("in {where}", where=info.location)
        case Unknown():
            return "?"
    return translate("none")


def _content(seen: Observed | None, action: Action) -> str:
    """Return what is in a dataset, if counted. It is after the mark, so that columns keep their width."""
    part = seen.datasets.get(action.op.dataset) if seen and isinstance(action.op, CreateDataset) else None
    if not isinstance(part, Present) or part.value.table_count is None:
        return ""
    count = part.value.table_count
    return translate_n("{n:,} table", "{n:,} tables", count) if count else translate("empty")


def _account(seen: Observed | None) -> str:
    match seen.account if seen is not None else None:
        case Present(value=info):
            return translate("is disabled") if info.disabled else translate("exists")
        case Unknown():
            return "?"
    return translate("none")


def _key(seen: Observed | None) -> str:
    if seen is not None and handed_key(seen):
        return translate("handed over")
    match seen.key if seen is not None else None:
        case Present():
            return translate("kept here")
        case Unknown():
            return "?"
    return translate("none")


def _grant(wizard: SetupSession, action: Action, role: str) -> str:
    """Return what is held at the place where a role is to be granted."""
    spec, seen, ref = wizard.spec(), wizard.observed, action.key.ref
    if spec is None or seen is None:
        return "?"
    part = seen.datasets.get(ref.dataset) if isinstance(ref, DatasetRef) else seen.bindings
    if isinstance(part, Unknown):
        return "?"
    have = next((g for g in held(spec, seen) if (g.role, g.on) == (role, ref)), None)
    if have is None:
        return translate("none")
    return translate("{role} (condition)", role=short_role(role)) if have.condition else short_role(role)
