"""The checks of a verification, in groups. Pure: same state, same rows."""

from typing import Final

from textual.content import Content

from kbq_tui.engine.setup import SetupSession
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n.messages import EMPTY, Message, render, translate, translate_n
from kbq_tui.model.checks import Check, CheckGroup, CheckResult, Verdict, counted, healthy, verified
from kbq_tui.model.events import EventKind
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.text import HANGING_INDENT, columns, plain, seconds, status, wrapped
from kbq_tui.tui.widgets.rows import Row

_VERDICTS: Final = {
    Verdict.PASS: Tone.OK,
    Verdict.FAIL: Tone.FAIL,
    Verdict.UNKNOWN: Tone.UNKNOWN,
    Verdict.SKIPPED: Tone.SKIP,
}
_WORST: Final = (
    Tone.FAIL,
    Tone.UNKNOWN,
    Tone.WAIT,
    Tone.RUN,
    Tone.WARN,
    Tone.TODO,
    Tone.SKIP,
    Tone.OK,
)
"""The order of states for a group with different ones: the first that occurs is the group's."""
_MERGED: Final = (Tone.OK, Tone.TODO)
"""Verdicts that share a line if there is not enough room: they need no action."""
LEAST_EVIDENCE: Final = 12
"""The width in cells from which on the finding is beside the check."""
TIME_CELLS: Final = 8


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A row, and the checks in it."""

    row: Row
    checks: tuple[Check, ...]


def check_rows(wizard: SetupSession, spec: ConnectionSpec, width: int, height: int) -> list[CheckRow]:
    """Return a row for each check, group by group; passed checks share a row if there is not enough room.

    Args:
        wizard: the set-up.
        spec: what is verified.
        width: cells of a row.
        height: the available lines.
    """
    checks = expected(spec)
    titles = max(plain(title_of(wizard, c)).cell_length for c in checks) + 2
    single = [pair for group in CheckGroup for pair in _single(checks, group)]
    for whole in (True, False):
        rows = [_row(wizard, width, titles, found, first=first, whole=whole) for found, first in single]
        if sum(len(shown.row.lines(width)) for shown in rows) <= height:
            return rows
    shared = [pair for group in CheckGroup for pair in _shared(wizard, checks, group)]
    return [_row(wizard, width, titles, found, first=first) for found, first in shared]


def _single(checks: tuple[Check, ...], group: CheckGroup) -> list[tuple[tuple[Check, ...], bool]]:
    """Return each check of a group, and whether it is the first."""
    return [((check,), n == 0) for n, check in enumerate(c for c in checks if c.group is group)]


def _shared(wizard: SetupSession, checks: tuple[Check, ...], group: CheckGroup) -> list[tuple[tuple[Check, ...], bool]]:
    """Return the checks of a group that share a row, and whether it is the first."""
    of_group = [check for check in checks if check.group is group]
    if any(check.id not in wizard.results for check in checks):
        return [(tuple(of_group), True)]  # rows that come and go while checks run would be redrawn with each verdict
    together = {tone: tuple(c for c in of_group if tone_of(wizard, c) is tone) for tone in _MERGED}
    others = [(c,) for c in of_group if tone_of(wizard, c) not in _MERGED]
    found = [together[Tone.OK], *others, together[Tone.TODO]]
    return [(part, n == 0) for n, part in enumerate(filter(None, found))]


def tone_of(wizard: SetupSession, check: Check) -> Tone:
    """Return a check's state."""
    result, event = wizard.results.get(check.id), wizard.running.get(check.id)
    if result is not None:
        return Tone.WARN if result.warns else _VERDICTS[result.verdict]
    if event is None:
        return Tone.TODO
    return Tone.WAIT if event.kind is EventKind.WAITING else Tone.RUN


def _row(
    wizard: SetupSession, width: int, titles: int, checks: tuple[Check, ...], *, first: bool, whole: bool = False
) -> CheckRow:
    """Return the row of a check, or of several with the same state.

    Args:
        wizard: the set-up.
        width: the available cells.
        titles: cells of the longest title, and of the gap after it.
        checks: the checks.
        first: whether the group is named.
        whole: whether the finding is shown completely, below the title if it does not fit beside it.
    """
    heads = max(plain(group.heading).cell_length for group in CheckGroup) + 2
    group = checks[0].group
    tone = min((tone_of(wizard, check) for check in checks), key=_WORST.index)
    start = columns((plain(group.heading, "bold") if first else Content(""), heads), (status(tone), 0))
    if len(checks) > 1 and any(check.id not in wizard.results for check in checks):
        done = sum(check.id in wizard.results for check in checks)
        count = translate("{n} of {most}", n=done, most=len(checks))
        return CheckRow(Row(f"{group}", Content.assemble(start, count)), checks)
    if len(checks) > 1:
        named = "; ".join(render(title_of(wizard, check)) for check in checks)
        text = f"{translate_n('{n} check', '{n} checks', len(checks))}  "
        room = max(1, width - start.cell_length - len(text))
        content = Content.assemble(start, text, plain(named, "$text-quiet").truncate(room, ellipsis=True))
        return CheckRow(Row(f"{group}", content), checks)
    check = checks[0]
    result, event = wizard.results.get(check.id), wizard.running.get(check.id)
    problem = result.problem if result else event.problem if event else None
    title = plain(title_of(wizard, check))
    found = plain(result.evidence if result else event.text if event and tone is Tone.WAIT else EMPTY, "$text-quiet")
    took = Content.styled(seconds(result.seconds).rjust(TIME_CELLS) if result is not None else "", "$text-quiet")
    room = width - start.cell_length - titles - TIME_CELLS
    if whole and found.cell_length >= room and width - start.cell_length - TIME_CELLS > titles:
        content = start + columns((title, width - start.cell_length - TIME_CELLS), (took, 0))
        indent = Content(" " * (start.cell_length - HANGING_INDENT))
        below = tuple(indent + line for line in wrapped(found, width - start.cell_length))
        return CheckRow(Row(check.id, content, problem, below=below), checks)
    if room < LEAST_EVIDENCE:
        return CheckRow(Row(check.id, start + title, problem, whole=start.cell_length), checks)
    cells = ((title, titles), (found, room), (took, 0))
    return CheckRow(Row(check.id, start + columns(*cells), problem), checks)


def title_of(wizard: SetupSession, check: Check) -> Message:
    """Return a check's title; once it is judged, with the finding."""
    result = wizard.results.get(check.id)
    return check.title if result is None else result.title


def verdicts(results: dict[str, CheckResult], total: int) -> str:
    """Return the score in words: `11 ok, 2 fail, 3 to go`; once all are done and ok, that the connection is
    verified."""
    if not results:
        return translate("nothing checked yet")
    found = tuple(results.values())
    if left := total - len(results):
        return f"{render(counted(found))}, {translate('{n} to go', n=left)}"
    return render(verified(found) if healthy(found) else counted(found))
