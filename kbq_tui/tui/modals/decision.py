"""A question with several answers, each of which gives something away or destroys it; none of them has the focus."""

from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from kbq_tui.i18n.messages import translate
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.text import block
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic


class Decision(Modal[str | None]):
    """Asks which of several things is to be done. Its result is the answer's name, or None for none of them.

    Args:
        question: the heading.
        lines: what each answer does.
        answers: the buttons, by the answers' names.
        no: the button that does nothing; it has the focus.
    """

    def __init__(self, question: str, lines: Sequence[str], answers: Mapping[str, str], *, no: str) -> None:
        super().__init__()
        self.heading = question
        self.set_class(True, "-danger")
        self._lines, self._answers, self._no = lines, answers, no

    def fill(self) -> ComposeResult:
        """Lay out the text of the question."""
        yield QuietStatic(block("\n".join(self._lines)))

    def foot(self) -> ComposeResult:
        """Lay out the answers."""
        with Horizontal(id="buttons"):
            for name, label in self._answers.items():
                yield Button(label, id=name, danger=True)
            yield Button(self._no, id="no")

    def on_mount(self) -> None:
        """Put the focus on the answer that does nothing."""
        self.focus_first("#no")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter chooses, left and right go to the other answers, Escape means none."""
        return [("Enter", translate("Choose")), (translate("Left/Right"), translate("Other")), ("Esc", self._no)]

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id if event.button.id in self._answers else None)
