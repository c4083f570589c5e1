"""A choice of one option among a few, in one line."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive

from kbq_tui.tui import keyboard
from kbq_tui.tui.widgets.cursor import CursorWidget


class Choice(CursorWidget, can_focus=True):
    """One of a few options, side by side: left, right and space choose.

    Args:
        options: value and label of each.
        value: the chosen one.
        id: its id.
    """

    BINDINGS: ClassVar = [
        keyboard.bound("left", "turn(-1)"),
        keyboard.bound("right", "turn(1)"),
        Binding("space", "turn(1)", show=False),
    ]

    value: reactive[str] = reactive("")

    class Selected(Message):
        """Another option was chosen."""

        def __init__(self, choice: "Choice", value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> "Choice":
            """The choice, for `@on` with a selector."""
            return self.choice

    def __init__(self, options: Sequence[tuple[str, str]], value: str, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.options = tuple(options)
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        """Draw all options in one line, the chosen one marked."""
        parts: list[Content] = []
        for value, label in self.options:
            on = value == self.value
            parts.append(Content.styled(f"{'(•)' if on else '( )'} {label}", "bold" if on else ""))
        return Content("   ").join(parts)

    def point(self) -> Offset:
        """Return the place of the chosen option's mark."""
        at = next((i for i, (v, _) in enumerate(self.options) if v == self.value), 0)
        before = sum(Content(label).cell_length + 7 for _, label in self.options[:at])
        return Offset(before + 1, 0)

    def action_turn(self, by: int) -> None:
        """Left, Right and Space: choose the option `by` places further on; after the last comes the first."""
        values = [v for v, _ in self.options]
        at = values.index(self.value) if self.value in values else 0
        self.value = values[(at + by) % len(values)]
        self.post_message(self.Selected(self, self.value))
