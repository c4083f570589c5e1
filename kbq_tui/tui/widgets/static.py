"""The lines around the panel: title with steps, location, message, hints. Each is drawn only when it changes."""

from collections.abc import Sequence
from functools import partial

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from kbq_tui.engine.setup_phase import Note
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import DOT, GLYPHS, HERE, HINT, STYLES, Tone
from kbq_tui.tui.text import fitted, plain, seconds, shortened

NAMES = {
    Step.PROJECT: N_("Project"),
    Step.DATASETS: N_("Datasets"),
    Step.ACCOUNT: N_("Account"),
    Step.PERMISSIONS: N_("Permissions"),
    Step.VERIFY: N_("Verify"),
    Step.CONNECT: N_("Connect"),
}


class QuietStatic(Static):
    """A text that draws itself only when it changes."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__("", id=id, classes=classes, markup=False)
        self.shown = Content("")
        if content:
            self.show(content)

    def show(self, content: Content | str) -> None:
        """Show some content; a `str` is one of our own texts, and is not markup either."""
        new = Content(content) if isinstance(content, str) else content
        if new.plain != self.shown.plain or new.spans != self.shown.spans:
            self.shown = new
            self.update(new, layout=False)
            # A layout repaints the whole screen, some 5 kB over a slow line, so it is done only if the height changes.
            width = self.content_size.width
            if not width or self.get_content_height(self.size, self.screen.size, width) != self.content_size.height:
                self.refresh(layout=True)


def steps_line(here: Step | None, done: Sequence[Step], width: int) -> Content:
    """Return the title line: the program's name and the steps: finished, current, or numbered."""
    parts: list[Content] = [Content.styled("kbq-tui", "bold $primary"), Content("  ")]
    for number, step in enumerate(Step, 1):
        narrow = width < 78 and step is not here
        name = "" if narrow else f" {translate(NAMES[step])}"
        if step is here:
            parts.append(Content.styled(f"{HERE}{number}{name} ", "bold reverse" if here else ""))
        elif step in done:
            parts.append(Content.styled(f"{GLYPHS[Tone.OK]}{name} ", "$success"))
        else:
            parts.append(Content.styled(f"{number}{name} ", "$text-quiet"))
        if number < len(Step):
            parts.append(Content(" "))
    return Content("").join(parts).rstrip()


def with_place(title: Content, place: Content, width: int) -> Content:
    """Return a line with the present place at its right.

    Args:
        title: the text at the left.
        place: the place, such as name and project of a connection.
        width: the available cells; both fit.
    """
    return title.pad_right(max(2 if title else 0, width - title.cell_length - place.cell_length)).append(place)


def where_line(intro: str, notice: str, place: Sequence[str], width: int) -> Content:
    """Return the line under the title: the screen's purpose, and at the right its connection.

    A notice is unusual (another address than Google's, the host of an SSH session), so it stays if there is no room for
    both. Of the place, the project stays.

    Args:
        intro: the screen's purpose.
        notice: a notice; empty for none.
        place: name and project of a connection; empty for none.
        width: the available cells.
    """
    places = (f" {DOT} ".join(place), *place[1:]) if place else ("",)
    least = min(len(notice or intro), width // 2)
    right = next((p for p in places if len(p) + least + 2 <= width), places[-1])
    right_cells = shortened(plain(right, "bold"), width)
    room = width - right_cells.cell_length - 2 if right else width
    parts = [Content.styled(intro, "$text-quiet")] if intro else []
    if notice:
        noticed = plain(notice, "$accent")
        both = bool(parts) and parts[0].cell_length + noticed.cell_length + 3 <= room
        parts = [*parts, noticed] if both else [noticed]
    left = Content(f" {DOT} ").join(parts)
    left = left.truncate(room, ellipsis=True) if room > 0 else Content("")
    return with_place(left, right_cells, width) if right else left


def hint_line(hints: Sequence[tuple[str, str]], width: int) -> Content:
    """Return key hints, shortened step by step until they fit.

    First the keys of every screen are left out, from the end, except help, back and quit; then these three lose their
    words; then the screen's own keys lose theirs, from the end; only then are own keys left out, from the end.
    """
    shown = list(hints)
    kept = [keyboard.face(id_) for id_ in ("help", "back", "quit")]
    everywhere = {key for key, _ in keyboard.hints("app")}
    spare = [hint for hint in reversed(hints) if hint[0] not in kept]
    own = [hint for hint in spare if hint[0] not in everywhere]
    drops = iter(
        [
            *((hint, None) for hint in spare if hint[0] in everywhere),
            *((hint, (hint[0], "")) for key in kept for hint in hints if hint[0] == key),
            *((hint, (hint[0], "")) for hint in own),
            *(((key, ""), None) for key, _ in own),
        ]
    )
    while sum(len(key) + len(label) + (3 if label else 2) for key, label in shown) - 2 > width:
        hint, shorter = next(drops, (None, None))
        if hint is None:
            break
        where = shown.index(hint)
        shown[where : where + 1] = [shorter] if shorter else []
    parts = [
        Content.assemble((key, "bold $primary"), (f" {label}" if label else "", "$text-quiet")) for key, label in shown
    ]
    return Content("  ").join(parts)


class MessageLine(QuietStatic):
    """What is running, else the latest note: one line, or two if it would be cut; a longer one has an ellipsis.

    Nothing is shown before 0.1 s, what is shown stays for 1 s, and a wait is updated at most once a second. A hint
    disappears after a few seconds.
    """

    HINT_STAYS = 8.0
    """Seconds for which a hint is shown."""

    SHOW_AFTER = 0.1
    STAY = 1.0
    PERIOD = 1.0
    LONG = 10.0
    LINES = 2
    """The height at most, as in `styles/app.tcss`."""

    def __init__(self) -> None:
        super().__init__(id="message")
        self._whole = Content("")
        """What is shown, before it is cut."""
        self._note = Content("")
        self._what = ""
        self._limit = 0.0
        self._hint = ""
        self._began = 0.0
        self._shown_at: float | None = None
        self._timer: Timer | None = None
        self._of: object = None
        """The text of the note that is shown."""
        self._gone: object = None
        """A hint that was shown long enough."""

    def show(self, content: Content | str) -> None:
        """Show some content, with an ellipsis if there is no room for all of it."""
        self._whole = Content(content) if isinstance(content, str) else content
        width = self.content_size.width  # 0 before it is laid out
        super().show(fitted(self._whole, width, self.LINES, first=2) if width else self._whole)

    def on_resize(self) -> None:
        """Cut the text anew, at the new width."""
        self.show(self._whole)

    def set_note(self, text: str, note: Note | None = None) -> None:
        """Set the text for when nothing is running.

        Args:
            text: the text; empty for nothing.
            note: its kind; None for something that went wrong.
        """
        if note is not None and note is self._gone:
            text = ""
        if note is None or note.bad:
            sign, style, mark = GLYPHS[Tone.FAIL], "$error", "$error"
        elif note.done:
            sign, style, mark = GLYPHS[Tone.OK], "$foreground", STYLES[Tone.OK]
        else:
            sign, style, mark = HINT, "$foreground", "$secondary"
        self._note = Content.assemble((f"{sign} ", mark), plain(text, style)) if text else Content("")
        if note is not self._of:
            self._of = note
            if text and note is not None and note.passing:
                self.set_timer(self.HINT_STAYS, partial(self._let_go, note), name="hint")
        if self._timer is None:
            self.show(self._note)

    def _let_go(self, note: Note) -> None:
        """Show a hint no longer."""
        self._gone = note
        if self._of is note:
            self.set_note("", note)

    def busy(self, what: str, began: float, limit: float, hint: str) -> None:
        """Show that something is running.

        Args:
            what: in the person's language; may contain hostile text.
            began: seconds of the monotonic clock.
            limit: seconds after which it ends by itself, 0 for none.
            hint: how to leave.
        """
        self._limit, self._hint = limit, hint
        if what == self._what and began == self._began and self._timer is not None:
            return
        self._what, self._began = what, began
        if self._timer is None:
            self._timer = self.set_interval(self.PERIOD, self._tick, name="activity")
            self.set_timer(self.SHOW_AFTER, self._tick, name="activity-first")
        elif self._shown_at is not None:
            self._tick()

    def idle(self) -> None:
        """Show that nothing is running any more."""
        if self._timer is None:
            return
        now = self._now()
        left = 0.0 if self._shown_at is None else self.STAY - (now - self._shown_at)
        self._what = ""
        if left > 0:
            self.set_timer(left, self._rest, name="activity-stay")
        else:
            self._rest()

    def _now(self) -> float:
        from time import monotonic

        return monotonic()

    def clock(self) -> float:
        """Return the seconds since the running work began; the screen replaces it by the services' clock."""
        return self._now() - self._began

    def _tick(self) -> None:
        if not self._what or self._timer is None:
            return
        if self._shown_at is None:
            self._shown_at = self._now()
        elapsed = max(0.0, self.clock())
        text = [self._what]
        if elapsed >= self.LONG:
            took = seconds(elapsed)
            text.append(
                translate("{took} of at most {limit}", took=took, limit=seconds(self._limit)) if self._limit else took
            )
        if elapsed >= self.LONG or self._limit == 0:
            text.append(self._hint)
        message = f" {DOT} ".join(t for t in text if t)
        # If a hint does not fit, its last clause is removed until it does; the footer has the keys, too.
        room = self.content_size.width - 2
        while len(text) > 1 and text[-1] and Content(message).cell_length > room > 0:
            text[-1] = text[-1][: max(text[-1].rfind(", "), text[-1].rfind("; "), 0)]
            message = f" {DOT} ".join(t for t in text if t)
        self.show(Content.assemble((f"{GLYPHS[Tone.WAIT]} ", "$secondary"), plain(message, "$secondary")))

    def _rest(self) -> None:
        if self._what:
            return
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._shown_at = None
        self.show(self._note)
