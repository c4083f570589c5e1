"""A box with input lines that accepts only valid answers."""

from abc import abstractmethod
from typing import TypeVar

from textual import on

from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field

T = TypeVar("T")


class Form(Modal[T | None]):
    """A box with fields, and two buttons with the ids `yes` and `no`. Its result is `answer()`, or None for no."""

    @abstractmethod
    def answer(self) -> T | None:
        """Return the result of fields that are all valid; None if it is not enough."""

    def on_mount(self) -> None:
        """Put the focus on the first field."""
        self.query(Field).first().query_one("LineInput").focus(scroll_visible=False)

    @on(Field.Left)
    def _entered(self, event: Field.Left) -> None:
        if event.entered:
            self._answer()

    @on(Button.Pressed, "#yes")
    def _answer(self) -> None:
        fields = list(self.query(Field))
        for field in fields:
            field.reason(field.fault())
        wrong = [field for field in fields if field.fault() is not None]
        result = None if wrong else self.answer()
        if result is None:
            (wrong or fields)[0].query_one("LineInput").focus()
        else:
            self.dismiss(result)

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Escape and the button: no answer."""
        self.dismiss(None)
