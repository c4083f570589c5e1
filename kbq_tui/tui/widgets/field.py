"""A labelled input line, with the reason right under it if the value is not valid."""

from collections.abc import Callable
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Paste
from textual.message import Message
from textual.widgets import Input, Static

from kbq_tui.i18n import messages
from kbq_tui.tui.text import plain

Check = Callable[[str], messages.Message | None]
MOST: Final = 2_000
"""The most characters in a line."""


class LineInput(Input):
    """Textual's input without blinking, selecting or borders; up and down leave it.

    Of pasted text it takes the first line that is not blank, and says so if that was not all.
    """

    class Unused(Message):
        """Not all that was pasted was taken."""

        def __init__(self, why: messages.Message) -> None:
            super().__init__()
            self.why = why

    BINDINGS: ClassVar = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, value: str, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(value, placeholder=placeholder, select_on_focus=False, compact=True, id=id, max_length=MOST)
        self.cursor_blink = False

    def on_paste(self, event: Paste) -> None:
        """Insert one line. Insert nothing if it does not fit, because a truncated value looks like a complete one."""
        event.prevent_default()
        event.stop()
        lines = [line for line in event.text.splitlines() if line.strip()]
        start, end = sorted(self.selection)
        if not lines:
            return
        if len(self.value) - (end - start) + len(lines[0]) > MOST:
            why = messages.message(
                "Nothing was taken of what was pasted: {n} characters are too many, {most} fit in here.",
                n=len(lines[0]),
                most=MOST,
            )
            self.post_message(self.Unused(why))
            return
        self.replace(lines[0], start, end)
        if len(lines) > 1:
            self.post_message(
                self.Unused(messages.message("Of {n} lines that were pasted, the first was taken.", n=len(lines)))
            )


class Field(Vertical):
    """A label, an input line, a note beside it, a reason under it.

    Args:
        name: the field's name in `engine.services.ConnectionDraft`.
        label: its label.
        value: the initial text.
        check: returns why a value is not valid, or None.
        placeholder: shown while it is empty.
        optional: whether it may be empty.
    """

    class Changed(Message):
        """Something was typed."""

        def __init__(self, field: "Field", value: str) -> None:
            super().__init__()
            self.field = field
            self.value = value

        @property
        def control(self) -> "Field":
            """The field, for `@on` with a selector."""
            return self.field

    class Left(Message):
        """The field was left, or Enter was pressed in it."""

        def __init__(self, field: "Field", value: str, *, entered: bool) -> None:
            super().__init__()
            self.field = field
            self.value = value
            self.entered = entered

        @property
        def control(self) -> "Field":
            """The field, for `@on` with a selector."""
            return self.field

    def __init__(
        self, name: str, label: str, value: str, check: Check, *, placeholder: str = "", optional: bool = False
    ) -> None:
        super().__init__(id=f"field-{name}", classes="field")
        self.field_name = name
        self._label = label
        self._value = value
        self._check = check
        self._placeholder = placeholder
        self._optional = optional
        self._left_with = value
        self._drafted = value
        """The draft's last known value."""

    def compose(self) -> ComposeResult:
        """Lay out the label, the line and the note beside it, and the reason under them."""
        with Horizontal(classes="field-line"):
            yield Static(Content(self._label), classes="field-label")
            yield LineInput(self._value, placeholder=self._placeholder)
            yield Static("", classes="field-note", markup=False)
        yield Static("", classes="field-reason", markup=False)

    def on_mount(self) -> None:
        """Say at once what is wrong with an initial value."""
        if self._value:
            self.reason(self.fault())

    @property
    def value(self) -> str:
        """The current text, with leading and trailing blanks."""
        return self.query_one(LineInput).value

    def put(self, value: str) -> None:
        """Set the value of the line, as if it had been typed."""
        line = self.query_one(LineInput)
        if line.value != value:
            line.value = value
            line.cursor_position = len(value)
        self._left_with = value

    def drafted(self, value: str) -> None:
        """Note that the draft has what was typed here. This comes one message later: more may have been typed since."""
        self._drafted = value

    def follow(self, value: str) -> None:
        """Show the draft's value if it was changed elsewhere; what was typed since stays."""
        if value != self._drafted:
            self._drafted = value
            self.put(value)

    def fault(self) -> messages.Message | None:
        """Return why the value is not valid, or None."""
        value = self.value.strip()
        return None if self._optional and not value else self._check(value)

    def reason(self, text: messages.Message | None) -> None:
        """Show a reason under the line, or none."""
        label = self.query_one(".field-reason", Static)
        label.update(plain(text or ""))
        label.display = bool(text)

    def note(self, content: Content) -> None:
        """Show something beside the line."""
        self.query_one(".field-note", Static).update(content)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.reason(self.fault())
        self.post_message(self.Changed(self, event.value))

    @on(LineInput.Unused)
    def _unused(self, event: LineInput.Unused) -> None:
        event.stop()
        fault = self.fault()
        self.reason(event.why if fault is None else messages.joined(" ", event.why, fault))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._left_with = event.value
        self.reason(self.fault())
        self.post_message(self.Left(self, event.value, entered=True))

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        event.stop()
        if event.value != self._left_with:
            self._left_with = event.value
            self.post_message(self.Left(self, event.value, entered=False))
