"""One connection in detail: its parts, their age, and what is left to do. Pure: same values, same lines."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from kbq_tui.engine.health import Health
from kbq_tui.i18n.messages import translate
from kbq_tui.model.problem import Problem
from kbq_tui.planning.sync_activity import BROKEN, SyncFinding
from kbq_tui.tui.connection_list import age, clock, history_words
from kbq_tui.tui.glyphs import CHANGED, DOT, GLYPHS, STYLES, Tone
from kbq_tui.tui.keyboard import face
from kbq_tui.tui.polled_connection import PolledConnection
from kbq_tui.tui.presenters import status_row
from kbq_tui.tui.text import block, plain, step_lines
from kbq_tui.tui.widgets.rows import Row

SHOWN_DRIFT = 8
"""The most differences from an earlier look that are shown."""
SHOWN_PROBLEMS = 3
"""The most problems that are shown with their remedies; Enter shows those of the others."""


def part_rows(watched: PolledConnection, *, stale: bool) -> list[Row]:
    """Return a line for each part; parts that the latest look did not see are dimmed."""
    if watched.status is None:
        return []
    return [status_row(line, dim=stale and line in watched.known) for line in watched.status.lines]


def head_line(watched: PolledConnection, now: datetime, *, stale: bool) -> Content:
    """Return the age of the parts if they are older than the latest look, else whether Klaviyo is connected."""
    if watched.status is None:
        return Content("")
    if stale:
        return Content.styled(_as_of(watched, now), "$warning")
    return Content(
        translate("Klaviyo connected" if watched.saved.connected else "not marked as connected to Klaviyo yet")
    )


def _as_of(watched: PolledConnection, now: datetime) -> str:
    """Return the age of what is shown of a connection."""
    at = watched.status.as_of if watched.status is not None else None
    if at is None:
        return translate("nothing known from before")
    return translate("as of {at} UTC, {age} old", at=clock(at, now), age=age(at, now))


def drift_lines(watched: PolledConnection, now: datetime) -> Content:
    """Return what differs from an earlier look, with the keys that restore or accept it; empty for nothing."""
    drift = watched.history.drift
    if not drift:
        return Content("")
    keys = translate("{back} puts back, {accept} accepts", back=face("put-back"), accept=face("accept"))
    lines = [Content.assemble((translate("Changed since an earlier look"), "bold $warning"), f" ({keys})")]
    for each in drift[:SHOWN_DRIFT]:
        seen = translate("seen at {at} UTC", at=clock(each.at, now))
        lines.append(Content.assemble((f"{CHANGED} ", "$warning"), plain(each.text), f" {DOT} {seen}"))
        lines.append(Content.assemble("  ", plain(each.author.text)))
    if (more := len(drift) - SHOWN_DRIFT) > 0:
        lines.append(Content(translate("… {n} more", n=more)))
    return Content("\n").join(lines)


def looks_lines(watched: PolledConnection, now: datetime) -> Content:
    """Return the last looks in words."""
    return Content(history_words(watched.history, now))


def to_do(watched: PolledConnection, findings: Sequence[SyncFinding] = ()) -> Content:
    """Return what is left to do for a connection: its syncs, the changes of its plan, and each problem once.

    Args:
        watched: the connection.
        findings: what Klaviyo's jobs say, as far as they were looked at; those with which syncs do not work are told.
    """
    seen = watched.status
    if seen is None:
        return _unread(watched.problem) if watched.problem is not None else Content("")
    parts: list[Content] = [Content.styled(translate("What to do"), "bold"), Content("\n")]
    problems, failing = _problems(watched), [each for each in findings if each.kind in BROKEN]
    if seen.plan.complete and seen.healthy and not problems and not failing:
        warned = findings or any(line.health is not Health.OK for line in seen.lines)
        parts.append(
            Content(
                translate("There are warnings; everything else is in place.")
                if warned
                else translate("Nothing: everything is in place.")
            )
        )
    for finding in failing:
        sign = Content.styled(f"{GLYPHS[Tone.FAIL]} ", STYLES[Tone.FAIL])
        shows = translate("{key} shows all of it.", key=face("activity"))
        parts += [sign, plain(finding.text), Content(f" {shows}\n")]
    for action in seen.plan.changes:
        sign = Content.styled(f"{GLYPHS[Tone.CREATE]} ", STYLES[Tone.CREATE])
        parts += [sign, plain(action.summary), Content("\n")]
    for problem in problems[:SHOWN_PROBLEMS]:
        parts += [Content("\n"), plain(problem.title, "bold"), Content("\n"), _steps(problem), Content("\n")]
    if (more := len(problems) - SHOWN_PROBLEMS) > 0:
        parts += [Content("\n"), Content(translate("and {n} more: Enter on a line", n=more)), Content("\n")]
    return Content("").join(parts).rstrip()


def _unread(problem: Problem) -> Content:
    """Return why a connection could not be read: there is no line of a part on which Enter would explain it."""
    lines = [plain(problem.title, "bold $error"), block(problem.cause), _steps(problem)]
    return Content("\n").join(line for line in lines if line)


def _steps(problem: Problem) -> Content:
    return block("\n".join(map(step_lines, problem.remedy)))


def _problems(watched: PolledConnection) -> list[Problem]:
    """Return each problem of the last look once: the root causes first, then by the severity of their lines."""
    seen = watched.status
    if seen is None:
        return []
    order = (Health.BROKEN, Health.UNKNOWN, Health.WARNING, Health.OK)
    lines = sorted(seen.lines, key=lambda line: order.index(line.health))
    told = [line.problem for line in lines if line.problem is not None]
    told += [blocked.problem for blocked in seen.plan.blocked]
    found: list[Problem] = []
    for problem in (*seen.causes, *told):
        if all((problem.code, str(problem.title)) != (other.code, str(other.title)) for other in found):
            found.append(problem)
    return found
