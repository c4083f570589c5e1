"""Asks for one line of text, and accepts only a valid one."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.i18n.messages import Message, translate
from kbq_tui.tui.modals.form import Form
from kbq_tui.tui.text import block
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.static import QuietStatic


class Ask(Form[str]):
    """A question that is answered by typing. Its result is the text, or None for no.

    Args:
        question: the heading.
        lines: what is asked, or what will be done.
        label: the text before the input line.
        yes: the button that accepts the answer.
        check: returns why an answer is not valid, or None.
        danger: whether the answer destroys something.
        value: the initial text.
    """

    def __init__(
        self,
        question: str,
        lines: Sequence[str],
        *,
        label: str,
        yes: str,
        check: Callable[[str], Message | None],
        danger: bool = False,
        value: str = "",
    ) -> None:
        super().__init__()
        self.heading = question
        self._danger, self._value = danger, value
        self.set_class(danger, "-danger")
        self._lines, self._label, self._yes, self._check = lines, label, yes, check

    def fill(self) -> ComposeResult:
        """Lay out the text of the question."""
        yield QuietStatic(block("\n".join(self._lines)) if self._lines else Content(""))

    def foot(self) -> ComposeResult:
        """Lay out the input line, visible however long the text is, and the two answers."""
        yield Field("answer", self._label, self._value, self._check)
        with Horizontal(id="buttons"):
            yield Button(self._yes, id="yes", danger=self._danger)
            yield Button(translate("Cancel"), id="no")

    def answer(self) -> str:
        """Return the text."""
        return self.query_one(Field).value.strip()
