"""A button of one line. It has no animation, so an idle screen sends nothing over the line."""

from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Offset, Size
from textual.message import Message
from textual.reactive import reactive

from kbq_tui.tui import keyboard
from kbq_tui.tui._textual_compat import forget_size
from kbq_tui.tui.widgets.cursor import CursorWidget


class Button(CursorWidget, can_focus=True):
    """A button.

    Args:
        label: our own words, without markup.
        id: its id, by which the screen recognises it.
        danger: whether it destroys something, or asks about that; it is red then.
    """

    BINDINGS: ClassVar = [
        Binding("enter,space", "press", show=False),
        keyboard.bound("left", "app.focus_previous"),
        keyboard.bound("right", "app.focus_next"),
    ]

    label: reactive[str] = reactive("", layout=True)
    off: reactive[bool] = reactive(False)
    """Whether the button is disabled for now; the focus stays, so that it is there when it is enabled again."""

    class Pressed(Message):
        """The button was pressed."""

        def __init__(self, button: "Button") -> None:
            super().__init__()
            self.button = button

        @property
        def control(self) -> "Button":
            """The button, for `@on` with a selector."""
            return self.button

    def __init__(self, label: str, *, id: str, danger: bool = False) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes="-danger" if danger else None)
        self.set_reactive(Button.label, label)

    def render(self) -> Content:
        """Draw the label in brackets."""
        return Content(f"[ {self.label} ]")

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the cells of the label and its brackets."""
        return Content(self.label).cell_length + 4

    def watch_label(self) -> None:
        """Make room for the new label."""
        forget_size(self)

    def watch_off(self) -> None:
        """Draw the button as disabled, or as usual."""
        self.set_class(self.off, "-off")

    def point(self) -> Offset:
        """Return the place of the label's first letter."""
        return Offset(2, 0)

    def on_click(self, event: events.Click) -> None:
        """Press the button with the mouse."""
        event.stop()
        self.action_press()

    def action_press(self) -> None:
        """Enter and Space: notify the screen, unless the button is off."""
        if not self.off:
            self.post_message(self.Pressed(self))
