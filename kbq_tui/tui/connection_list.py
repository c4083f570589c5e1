"""The dashboard's list: its columns, its header, and the lines below it. Pure: same values, same lines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from textual.content import Content

from kbq_tui.engine.health import Health
from kbq_tui.engine.look_history import LOOKS_KEPT, LookHistory, counts
from kbq_tui.engine.overview import Overview, SortBy
from kbq_tui.i18n.messages import N_, translate, translate_n
from kbq_tui.model.key_use import MAX_AGE_DAYS
from kbq_tui.tui.glyphs import CHANGED, DOT, DOWN, GLYPHS, NOTHING, STYLES, UP, WORDS, Tone
from kbq_tui.tui.preflight_rows import HEALTH
from kbq_tui.tui.text import columns, plain, shown

HEADS: Final = {
    SortBy.STATE: N_("STATE"),
    SortBy.NAME: N_("NAME"),
    SortBy.PROJECT: N_("PROJECT"),
    SortBy.KEY: N_("KEY"),
    SortBy.VERIFIED: N_("VERIFIED"),
}
_RIGHT: Final = (SortBy.KEY, SortBy.VERIFIED)
"""Columns of numbers, which are aligned right."""
_LEAST: Final = (11, 16)
"""The least cells of a name and of a project; columns that do not fit beside them are left out, the history first."""
_MOST: Final = (26, 32)
_REASON: Final = 24
"""The least cells of the reason, if there is room for it."""


def _tone(row: Overview) -> Tone:
    return Tone.READ if row.shown is None else HEALTH[row.shown]


class Columns:
    """The widths of the columns.

    Args:
        width: the available cells.
    """

    def __init__(self, width: int) -> None:
        words = (*(WORDS[tone] for tone in HEALTH.values()), WORDS[Tone.READ])
        self.state = max(len(translate(word)) for word in words) + 3
        heads = {by: len(translate(head)) for by, head in HEADS.items()}
        self.key = max(heads[SortBy.KEY] + 1, 6) + 1
        self.verified = max(heads[SortBy.VERIFIED] + 1, 6) + 2
        room = width - self.state - self.key - self.verified
        self.history = LOOKS_KEPT if room - LOOKS_KEPT >= sum(_LEAST) else 0
        room -= self.history
        self.name = max(_LEAST[0], min(_MOST[0], room * 2 // 5))
        self.project = max(_LEAST[1], min(_MOST[1], room - self.name))
        left = room - self.name - self.project
        self.reason = left - 2 if left >= _REASON + 2 else 0

    def head(self, by: SortBy, *, backwards: bool) -> Content:
        """Return the header, with a mark at the column by which the list is sorted."""
        widths = {
            SortBy.STATE: self.state,
            SortBy.NAME: self.name,
            SortBy.PROJECT: self.project,
            SortBy.KEY: self.key,
            SortBy.VERIFIED: self.verified,
        }
        cells: list[tuple[Content, int]] = []
        for column, width in widths.items():
            text = translate(HEADS[column]) + ((UP if backwards else DOWN) if column is by else "")
            style = "bold" if column is by else "$text-quiet"
            gap = 2 if column is SortBy.VERIFIED else 1
            text = text.rjust(width - gap) if column in _RIGHT else text
            cells.append((Content.styled(text, style), width))
        if self.history:
            title = translate("LAST {n} LOOKS", n=LOOKS_KEPT)
            cells.append((Content.styled(title, "$text-quiet"), self.history + 2 if self.reason else 0))
        if self.reason:
            cells.append((Content.styled(translate("REASON"), "$text-quiet"), 0))
        return columns(*cells)

    def line(self, row: Overview, now: datetime) -> Content:
        """Return one connection in one line; dimmed if its values are older than the latest look."""
        tone = _tone(row)
        state = Content.styled(f"{GLYPHS[tone]} {translate(WORDS[tone])}", STYLES[tone])
        cells = [
            (state, self.state),
            (plain(row.name, "bold"), self.name),
            (plain(row.project), self.project),
            (_key(row, now, self.key - 1), self.key),
            (_verified(row, now, self.verified - 2), self.verified),
        ]
        if row.history.drift:  # in the gap before the next column
            cells[-1] = (cells[-1][0].append(Content.styled(f" {CHANGED}", "$warning")), self.verified)
        if self.history:
            cells.append((history_cells(row.history), self.history + 2 if self.reason else 0))
        if self.reason:
            why = row.unread if row.stale or row.health is Health.UNKNOWN else row.reason
            cells.append((plain(why, "$text-quiet"), self.reason))
        line = columns(*cells)
        return line.stylize("$text-quiet") if row.stale else line


def _key(row: Overview, now: datetime, width: int) -> Content:
    """Return the age of the key: `?` if it could not be read, a dash if there is no key."""
    if row.key_created is None:
        text = "?" if row.key_unread or row.health is None or row.stale else NOTHING
        return Content.styled(
            text.rjust(width), "$warning" if text == "?" and row.health is not None else "$text-quiet"
        )
    days = (now - row.key_created).days
    return Content.styled(translate("{n} d", n=days).rjust(width), "$warning" if days > MAX_AGE_DAYS else "")


def _verified(row: Overview, now: datetime, width: int) -> Content:
    if row.health is None or not row.looked:
        return Content.styled("?".rjust(width), "$text-quiet")
    if row.verified is None:
        return Content.styled(translate("never").rjust(width), "$warning")
    return Content(age(row.verified, now).rjust(width))


def age(at: datetime, now: datetime) -> str:
    """Return how long ago something was, in one unit: `now`, `5 min`, `3 h`, `12 d`."""
    minutes = int(max(0.0, (now - at).total_seconds())) // 60
    if minutes < 1:
        return translate("now")
    if minutes < 60:
        return translate("{n} min", n=minutes)
    hours = minutes // 60
    return translate("{n} h", n=hours) if hours < 48 else translate("{n} d", n=hours // 24)


_MARKS: Final = {Health.OK: ".", Health.WARNING: "!", Health.BROKEN: GLYPHS[Tone.FAIL], Health.UNKNOWN: "?"}


def history_cells(history: LookHistory) -> Content:
    """Return a cell for each of the last looks, the latest at the right."""
    looks = history.looks[-LOOKS_KEPT:]
    cells = [Content(" " * (LOOKS_KEPT - len(looks)))]
    for run in history.runs:
        health = run[0].health
        cells.append(Content.styled(_MARKS[health] * len(run), STYLES[HEALTH[health]]))
    return Content("").join(cells)


def history_words(history: LookHistory, now: datetime) -> str:
    """Return the last looks in words: how many, from when to when, and what they found."""
    if not history.looks:
        return ""
    first, last = history.looks[0].at, history.looks[-1].at
    found = ", ".join(f"{n} {translate(WORDS[HEALTH[health]])}" for health, n in counts(history.looks).items())
    return translate_n(
        "The last look, at {first} UTC: {found}.",
        "The last {n} looks, from {first} to {last} UTC: {found}.",
        len(history.looks),
        first=clock(first, now),
        last=clock(last, now),
        found=found,
    )


def since_words(row: Overview, now: datetime) -> str:
    """Return since when a connection has its state: `fail since 12:40 UTC (22 min)`; empty if not known."""
    history = row.history
    if history.health is None or history.since is None:
        return ""
    word = translate(WORDS[HEALTH[history.health]])
    return translate(
        "{word} since {at} UTC ({age})", word=word, at=clock(history.since, now), age=age(history.since, now)
    )


def clock(at: datetime, now: datetime) -> str:
    """Return a time of day, with its date if it is not today's."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def totals_line(found: Mapping[Health, int]) -> Content:
    """Return the number of connections in each state: glyph, number, word, colour."""
    parts = [
        Content.styled(f"{GLYPHS[HEALTH[h]]} {n} {translate(WORDS[HEALTH[h]])}", STYLES[HEALTH[h]])
        for h, n in found.items()
    ]
    return Content("  ").join(parts)


def totals_words(found: Mapping[Health, int]) -> str:
    """Return the same as text, for the terminal's title."""
    return ", ".join(f"{n} {translate(WORDS[HEALTH[h]])}" for h, n in found.items())


def unread_line(rows: Sequence[Overview], width: int) -> Content:
    """Return which connections could not be read and why, as many as fit in a line; empty for none."""
    if not rows:
        return Content("")
    n, reasons = len(rows), {shown(row.unread) for row in rows}
    head = translate_n("{n} could not be read:", "{n} could not be read:", n)
    same = f" ({reasons.pop()})" if len(reasons) == 1 else ""
    room = width - len(head) - min(len(same), width // 5)
    named = [row.name if same else translate("{name} ({why})", name=row.name, why=shown(row.unread)) for row in rows]
    told = named[0]
    for at in range(1, n):
        more = translate("… {n} more", n=n - at - 1)
        if len(told) + len(named[at]) + 2 + (len(more) + 2 if at + 1 < n else 0) > room:
            told += ", " + translate("… {n} more", n=n - at)
            break
        told += f", {named[at]}"
    sign = Content.styled(f"{GLYPHS[Tone.UNKNOWN]} ", STYLES[Tone.UNKNOWN])
    return Content.assemble(sign, plain(f"{head} {told}{same}", "$warning"))


def reason_line(row: Overview, now: datetime) -> Content:
    """Return what has changed in a connection, what is wrong with it and since when; empty if nothing is."""
    drift = row.history.drift
    told = [Content.assemble((f"{CHANGED} ", "$warning"), plain(drift[-1].text))] if drift else []
    if row.reason:
        told.append(plain(row.reason))
        since = since_words(row, now)
        told += [Content(since)] if since else []
    return Content.assemble(plain(row.name, "bold"), ": ", Content(f" {DOT} ").join(told)) if told else Content("")
