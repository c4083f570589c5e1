"""Klaviyo's activity as a panel of the dashboard and in full. Pure: same values, same lines."""

from collections.abc import Iterator

from textual.content import Content

from kbq_tui.engine.activity_lines import ActivityLine, activity_lines, heading
from kbq_tui.engine.activity_session import ActivitySession
from kbq_tui.engine.job_reading import JobSource
from kbq_tui.engine.sync_activity import SyncActivity
from kbq_tui.i18n.messages import render, translate
from kbq_tui.planning.sync_activity import BROKEN, SyncFinding
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.text import columns, plain, status, status_width, wrapped

IN_PANEL = ("last", "success", "jobs", "failed", "billed")
"""The lines of the panel; the full view has all of them."""


def panel_lines(session: ActivitySession) -> Content:
    """Return the worst finding and the figures that show whether syncs run; or why there are none."""
    found = session.found
    if session.problem is not None:
        return plain(session.problem.title, "bold $error")
    if found is None:
        return Content.styled(translate("Looking up what Klaviyo has done"), "$text-quiet")
    lines = [finding_line(finding) for finding in found.findings[:1]]
    if found.reading.source is JobSource.UNKNOWN:
        lines.append(plain(heading(found)))
    if found.summary.last is not None:
        lines += _titled([line for line in activity_lines(found, ascii_=False) if line.id in IN_PANEL])
    return Content("\n").join(lines)


def panel_state(session: ActivitySession, key: str) -> Content:
    """Return the text in the panel's edge: the period for which jobs are counted, and the key that shows all of it."""
    found = session.found
    if found is None:
        return Content("")
    since = translate("since {at} UTC", at=f"{found.since:%Y-%m-%d}")
    return Content.styled(f"{since}, {translate('{key} shows all', key=key)}", "$text-quiet")


def finding_line(finding: SyncFinding) -> Content:
    """Return one finding: glyph and word, then the sentence."""
    return status(Tone.FAIL if finding.kind in BROKEN else Tone.WARN) + plain(finding.text)


def full_lines(found: SyncActivity, width: int) -> Content:
    """Return all of it.

    Args:
        found: Klaviyo's activity.
        width: cells of a line.
    """
    lines = [line for finding in found.findings for line in wrapped(finding_line(finding), width, status_width())]
    lines += [Content("")] if lines else []
    lines += wrapped(plain(heading(found)), width)
    lines += _titled(activity_lines(found, ascii_=False), width)
    if found.reading.source is not JobSource.UNKNOWN:
        text = translate("Short queries may leave no job in BigQuery, and are not counted then.")
        lines += [Content(""), *wrapped(Content.styled(text, "$text-quiet"), width)]
    return Content("\n").join(lines)


def _titled(lines: Iterator[ActivityLine] | list[ActivityLine], width: int = 0) -> list[Content]:
    """Return lines with their titles in one column, wrapped if there is a width."""
    kept = list(lines)
    room = max((len(render(line.title)) for line in kept), default=0) + 2
    made: list[Content] = []
    for line in kept:
        text = columns((Content.styled(render(line.title), "$text-quiet"), room), (plain(line.text), 0))
        made += wrapped(text, width, room) if width else [text]
    return made
