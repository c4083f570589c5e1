"""The frame of all modals. Esc closes it; the quit keys work in it, too."""

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from kbq_tui.i18n.messages import translate
from kbq_tui.tui import keyboard
from kbq_tui.tui._textual_compat import Fitting
from kbq_tui.tui.host import LEAST, STYLES, Host, host_of
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.page import Scroller
from kbq_tui.tui.widgets.static import QuietStatic, hint_line

T = TypeVar("T")


class Sheet(Scroller, can_focus=False):
    """The part of a modal that scrolls."""


class BoxNote(QuietStatic):
    """The line under the body; a text of two lines makes the body shorter by one."""

    def on_resize(self) -> None:
        """Make room for the text."""
        if isinstance(self.screen, Modal):
            self.screen.make_room()


class Modal(Fitting, ModalScreen[T]):
    """A box with a title, a body, and hints."""

    CSS_PATH: ClassVar = [STYLES / "widgets.tcss", STYLES / "modals.tcss"]

    HORIZONTAL_BREAKPOINTS = [(0, "-normal"), (120, "-wide")]  # noqa: RUF012  # so Textual declares it
    BINDINGS: ClassVar = [
        keyboard.bound("back", "close"),
        keyboard.bound("previous", "app.focus_previous"),
        keyboard.bound("next", "app.focus_next"),
        keyboard.bound("page-up", "page(-1)"),
        keyboard.bound("page-down", "page(1)"),
        keyboard.bound("first", "edge(-1)"),
        keyboard.bound("last", "edge(1)"),
        keyboard.bound("quit", "app.quit"),
        keyboard.bound("interrupt", "app.interrupt"),
    ]

    least = LEAST  # the screen below says that the window is too small
    heading: str = ""

    @property
    def _ink(self) -> str:
        """The style of the title: red if the question is about destroying something."""
        return f"bold {'$error' if self.has_class('-danger') else '$primary'}"

    @property
    def host(self) -> Host:
        """The app, as screens see it."""
        return host_of(self)

    def compose(self) -> ComposeResult:
        """Lay out the title, `fill` in a part that scrolls, `foot`, a note and the key hints."""
        with Vertical(id="box"):
            yield QuietStatic(self.title_line(), id="box-title")
            with Sheet(id="sheet"):
                yield from self.fill()
            yield from self.foot()
            yield BoxNote(id="box-note")
            yield QuietStatic(hint_line(self.hints(), 74), id="box-hints")

    def title_line(self) -> Content:
        """Return the title, translated."""
        return plain(translate(self.heading), self._ink)

    def outdated(self) -> bool:
        """Return whether the question has become pointless, so that the box closes by itself."""
        return False

    def fill(self) -> ComposeResult:
        """Yield the body's widgets."""
        yield from ()

    def foot(self) -> ComposeResult:
        """Yield the widgets under the body, which always stay visible."""
        yield from ()

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys to show at the bottom, each with its label."""
        return [("Esc", translate("Close"))]

    def on_resize(self) -> None:
        """Leave room for title, buttons and hints: only the body scrolls."""
        self.make_room()

    def make_room(self) -> None:
        """Make sure that title, note, buttons and hints are visible."""
        others = [child for child in self.query("#box > *") if child.id != "sheet"]
        around = 3 + sum((child.outer_size.height or 1) + child.styles.margin.height for child in others)
        self.query_one("#sheet").styles.max_height = max(3, self.size.height - max(around, 9))

    def say(self, text: str) -> None:
        """Show one line under the body."""
        self.query_one("#box-note", QuietStatic).show(text)

    def action_close(self) -> None:
        """Escape: close without a result."""
        self.dismiss(None)

    def action_edge(self, side: int) -> None:
        """Home and End: scroll to the start (`side` below 0) or to the end."""
        sheet = self.query_one("#sheet", Sheet)
        sheet.scroll_home(animate=False) if side < 0 else sheet.scroll_end(animate=False)

    def action_page(self, by: int) -> None:
        """Page Up and Page Down: scroll one page up (`by` of 0 or less) or down."""
        sheet = self.query_one("#sheet", Sheet)
        sheet.scroll_page_down(animate=False) if by > 0 else sheet.scroll_page_up(animate=False)
