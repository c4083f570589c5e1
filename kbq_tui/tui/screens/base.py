"""The base of all full screens: title, panel, message, hints; a side panel if there is room."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.layout import Layout
from textual.screen import Screen

from kbq_tui.engine.setup import STEPS
from kbq_tui.engine.setup_phase import LIMITS, Phase
from kbq_tui.i18n.messages import N_, render, translate
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui._textual_compat import Fitting
from kbq_tui.tui.host import LEAST, STYLES, Host, host_of
from kbq_tui.tui.widgets.page import PageLayout, Panel, titled
from kbq_tui.tui.widgets.static import MessageLine, QuietStatic, hint_line, steps_line, where_line

WIDE = 120
"""The width in columns from which on there is a side panel."""
PHASES = {
    Phase.SIGNING_IN: N_("Signing in to Google"),
    Phase.LOOKING: N_("Looking at the project"),
    Phase.LOOKING_EVERYWHERE: N_("Looking for all that the account holds"),
    Phase.APPLYING: N_("Working"),
    Phase.AWAITING: N_("Waiting for Klaviyo's call"),
    Phase.VERIFYING: N_("Checking with the key"),
}
"""The message of each phase; the time comes after it."""
_LAYOUT = PageLayout()
SMALL = N_("This window is too small: 60x16 is the least. {key} quits.")


class Body(Panel):
    """The panel that scrolls. Rows are cut to its width, so a new width draws them again."""

    def on_resize(self) -> None:
        """Draw again: texts are wrapped to the width."""
        super().on_resize()
        if isinstance(self.screen, BaseScreen):
            self.screen.call_after_refresh(self.screen.draw)


class SidePanel(QuietStatic):
    """The side panel. Its content is wrapped to its width, so a new width draws it again."""

    def __init__(self) -> None:
        super().__init__(id="side")

    def on_resize(self) -> None:
        """Draw again: texts are wrapped to the width."""
        if isinstance(self.screen, BaseScreen):
            self.screen.call_after_refresh(self.screen.draw)


class BaseScreen(Fitting, Screen[None]):
    """A full screen. Subclasses give `heading`, `state`, `fill`, `draw_body` and, if they have one, `side`."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (78, "-normal"), (120, "-wide"), (160, "-broad")]  # noqa: RUF012  # so Textual declares it

    BINDINGS: ClassVar = [
        *keyboard.bindings("working"),
        keyboard.bound("first", "focus_edge(0)"),
        keyboard.bound("last", "focus_edge(-1)"),
    ]
    CSS_PATH: ClassVar = [STYLES / "widgets.tcss", STYLES / "steps.tcss"]
    least = LEAST
    scopes: ClassVar[tuple[str, ...]] = ()
    step: ClassVar[Step | None] = None
    tells_signed_out: ClassVar[bool] = False
    """Whether the message line says that there is no sign-in, because nothing else on the screen does."""
    help_name: ClassVar[str] = ""
    opened: str = ""
    """The connection that is shown in detail; empty on every other screen."""

    @property
    def host(self) -> Host:
        """The app, as screens see it."""
        return host_of(self)

    @property
    def layout(self) -> Layout:
        """How panel, buttons and side panel are laid out."""
        return _LAYOUT

    def render(self) -> Any:
        """Return the background behind the widgets, or that there is no room for them."""
        small = translate(SMALL, key=keyboard.face("quit"))
        return Content(small) if self.too_small(self.size) else super().render()

    def compose(self) -> ComposeResult:
        """Lay out title, panel (`fill`), `foot`, key hints and message line."""
        yield QuietStatic(id="title")
        yield QuietStatic(id="where")
        with Body(id="body"):
            yield from self.fill()
        yield from self.foot()
        yield QuietStatic(id="hints")
        yield MessageLine()
        if self._width >= WIDE:
            yield SidePanel()

    scrolled: ClassVar[str] = "#body"
    """What the keys for scrolling scroll."""

    def on_mount(self) -> None:
        """Draw title and hints at once if this is the first screen."""
        self.query_one(MessageLine).clock = self._elapsed  # type: ignore[method-assign]
        if len(self.app.screen_stack) == 1:  # on a later screen they would come after its body, which is drawn in parts
            self._draw_bars()
            self._draw_side()

    def on_descendant_focus(self) -> None:
        """Draw again: the texts at the side and below depend on the focus."""
        self.draw()

    def on_resize(self) -> None:
        """Draw again for another size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Bring everything up to date; unchanged parts are not drawn."""
        if not self.is_mounted or not self.query("#hints"):
            return
        self._draw_bars()
        self.draw_body()
        self._draw_side()

    @property
    def _width(self) -> int:
        return self.size.width or self.app.size.width  # before its first layout a screen has no size

    @property
    def side_width(self) -> int:
        """The cells of a line in the side panel."""
        side = self.query("#side")
        return (side.first().content_size.width if side else 0) or 36

    def _draw_side(self) -> None:
        """Draw the side panel if there is room for it; it is created when there is for the first time."""
        if self._width < WIDE:
            self.query("#side").set(display=False)  # the value set for `display` takes precedence over the style sheet
            return
        if not (found := self.query("#side")):
            self.mount(SidePanel())
            found = self.query("#side")
        side, content = found.only_one(QuietStatic), self.side()
        head, *rest = content.split("\n") if content else (Content(""),)
        title = titled(head.stylize_before("$foreground"), Content(""), side.outer_size.width or WIDE)
        if side.border_title != title.markup:
            side.border_title = title
        rest = rest if not rest or rest[0] else rest[1:]
        side.show(Content("\n").join(rest).rstrip())
        side.display = bool(content)

    def _draw_bars(self) -> None:
        width = self._width
        notices = self.host.services.notices
        right = "; ".join(map(render, notices)) if notices else self.host.look.host
        self.query_one("#title", QuietStatic).show(self.title_line(width - 2))
        where = self.query_one("#where", QuietStatic)
        where.show(where_line(self.intro(), right, self.place(), width - 2))
        where.display = bool(where.shown)
        self._draw_frame()
        self.draw_message(self.query_one(MessageLine))
        self.query_one("#hints", QuietStatic).show(hint_line(self.hints(), width - 2))

    def _draw_frame(self) -> None:
        """Draw the edge of the frame: its title, and the progress."""
        self.query_one("#body", Body).entitle(self.heading(), self.state())

    # -- for subclasses -------------------------------------------------------------------------------------------

    def fill(self) -> ComposeResult:
        """Yield the body's widgets."""
        yield from ()

    def foot(self) -> ComposeResult:
        """Yield the widgets under the body, which always stay visible."""
        yield from ()

    def draw_body(self) -> None:
        """Bring the body up to date."""

    def heading(self) -> str:
        """Return the panel's title."""
        return ""

    def state(self) -> Content:
        """Return the text at the right of the panel's title: the progress, or the state."""
        return Content("")

    def intro(self) -> str:
        """Return the purpose of the screen in a few words."""
        return ""

    def side(self) -> Content:
        """Return the text at the side from 120 columns on."""
        return Content("")

    def place(self) -> tuple[str, ...]:
        """Return name and project of the connection that the screen is about; nothing for none."""
        draft = self.host.wizard.draft
        return (draft.name, draft.project.strip()) if self.step is not None and draft.project.strip() else ()

    def title_line(self, width: int) -> Content:
        """Return the top line: the steps, with finished ones marked."""
        wizard = self.host.wizard
        done = () if wizard.stopped else STEPS[: STEPS.index(wizard.furthest)]
        return steps_line(self.step, done, width)

    def enter(self) -> str:
        """Return what Enter does at the present focus."""
        return translate("Go on")

    def hints(self) -> list[tuple[str, str]]:
        """Return the footer's hints."""
        wizard = self.host.wizard
        scopes = (*(("working",) if wizard.waiting else ()), *self.scopes, "app")
        return [("Enter", self.enter()), *keyboard.hints(*scopes)]

    def draw_message(self, line: MessageLine) -> None:
        """Draw the message line: what is running and for how long, else the latest note."""
        wizard = self.host.wizard
        if wizard.busy:
            line.set_note("")
            hint = "" if wizard.writing else translate("Esc stops, undoes nothing")
            if wizard.waiting:
                hint = translate(
                    "{now} tries now, {stop} stops waiting; what is done stays done",
                    now=keyboard.face("nudge"),
                    stop=keyboard.face("stop"),
                )
            what = self.latest_note() or translate(PHASES[wizard.phase])
            line.busy(what, wizard.since, LIMITS.get(wizard.phase, 0.0), hint)
        else:
            signed_out = "" if wizard.note or not self.tells_signed_out else self._signed_out()
            line.set_note(self.latest_note() or signed_out, wizard.note)
            line.idle()

    def latest_note(self) -> str:
        """Return the set-up's note, with the key that tries again if Google did not answer."""
        note = self.host.wizard.note
        if note is None:
            return ""
        if note.timed_out is None:
            return render(note.text)
        key = keyboard.face("remove" if note.timed_out is Phase.LOOKING_EVERYWHERE else "refresh")
        return f"{render(note.text)} {translate('{key} tries again.', key=key)}"

    def _signed_out(self) -> str:
        """Return why the sign-in failed, and the key that tries again; empty if it did not."""
        problem = self.host.wizard.sign_in_problem
        if problem is None:
            return ""
        again = translate("Not signed in: {key} tries again", key=keyboard.face("refresh"))
        return f"{render(problem.title)}. {again}"

    def _elapsed(self) -> float:
        wizard = self.host.wizard
        return self.host.services.clock.monotonic() - wizard.since if wizard.busy else 0.0

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_scroll_page(self, by: int) -> None:
        """Page Up and Page Down: scroll one page up (`by` of 0 or less) or down."""
        body = self.query_one(self.scrolled)
        body.scroll_page_down(animate=False) if by > 0 else body.scroll_page_up(animate=False)

    def action_focus_edge(self, place: int) -> None:
        """Home and End: put the focus on the first (0) or the last (-1) widget that can have it."""
        if self.focus_chain:
            self.focus_chain[place].focus()

    def action_nudge(self) -> None:
        """While waiting for Google: try again now."""
        self.host.wizard.clock.nudge()

    def action_stop_waiting(self) -> None:
        """While waiting for Google: stop waiting; completed changes stay."""
        self.host.wizard.clock.give_up()
