"""A question with two answers; the harmless one has the focus."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from kbq_tui.i18n.messages import translate
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import block
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic


class Confirm(Modal[bool]):
    """Asks before something is done.

    Args:
        question: the heading.
        lines: what will be done, or what is left.
        yes: the answer that does it.
        no: the answer that does not.
        harmless: whether yes may have the focus.
        while_: whether what is asked about is still running; None if it does not end by itself.
    """

    def __init__(
        self,
        question: str,
        lines: Sequence[str],
        *,
        yes: str,
        no: str,
        harmless: bool = True,
        while_: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__()
        self.heading = question
        self.set_class(not harmless, "-danger")
        self._lines = lines
        self._while = while_
        self._yes, self._no, self._harmless = yes, no, harmless

    def outdated(self) -> bool:
        """Return whether what is asked about has ended."""
        return self._while is not None and not self._while()

    def fill(self) -> ComposeResult:
        """Lay out the text of the question."""
        yield QuietStatic(block("\n".join(self._lines)))

    def foot(self) -> ComposeResult:
        """Lay out the two answers."""
        with Horizontal(id="buttons"):
            yield Button(self._yes, id="yes", danger=not self._harmless)
            yield Button(self._no, id="no")

    def on_mount(self) -> None:
        """Put the focus on yes only if yes does no harm."""
        self.focus_first("#yes" if self._harmless else "#no")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter chooses, left and right go to the other answer, Escape means no."""
        return [("Enter", translate("Choose")), (translate("Left/Right"), translate("Other")), ("Esc", self._no)]

    @on(Button.Pressed, "#yes")
    def _agree(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape: answer no."""
        self.dismiss(False)
