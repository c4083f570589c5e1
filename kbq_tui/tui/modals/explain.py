"""Paste an error of Google's or Klaviyo's; get its cause and remedy."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import TextArea

from kbq_tui.engine.threads import offload
from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.problem import Problem
from kbq_tui.tui.modals.base import Modal
from kbq_tui.tui.modals.problem import describe
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic


class PasteArea(TextArea):
    """A text area that is drawn again after a resize: Textual 8.2.8 wraps its text for the new width, and keeps the
    lines on the screen that it drew before, if there are as many."""

    def on_resize(self) -> None:
        """Draw it once the text is wrapped."""
        self.refresh()


class Explain(Modal[None]):
    """A field to paste an error into, and under it the cause and the remedy; with a text to send to somebody who can
    help."""

    heading = N_("Paste an error from Google, gcloud, bq, a log, or Klaviyo")

    def __init__(self) -> None:
        super().__init__()
        self.problem: Problem | None = None

    def fill(self) -> ComposeResult:
        """Lay out the input field, the buttons, and the answer."""
        area = PasteArea("", id="paste", soft_wrap=True, show_line_numbers=False, compact=True, tab_behavior="focus")
        area.cursor_blink = False
        yield area
        with Horizontal(id="buttons"):
            yield Button(translate("Explain"), id="explain")
            yield Button(translate("Text to send"), id="handoff")
            yield Button(translate("Clear"), id="clear")
        yield QuietStatic(id="answer")

    def on_mount(self) -> None:
        """Put the focus on the field; there is no text to send before there is an answer."""
        self.query_one("#handoff").display = False
        self.focus_first("#paste")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Tab to the buttons, Page Down for more, Escape to close."""
        return [("Tab", translate("To the buttons")), ("PgDn", translate("More")), ("Esc", translate("Close"))]

    @on(Button.Pressed, "#explain")
    def _explain(self) -> None:
        self.host.launch(self._recognise(self.query_one("#paste", TextArea).text), "explain")

    async def _recognise(self, text: str) -> None:
        if not text.strip():
            self.say(translate("Paste an error first."))
            return
        from kbq_tui.diagnosis.recognise import recognise_text

        context = self.host.wizard.context
        found = await offload(lambda: recognise_text(text, context))
        self.problem = self.host.services.named(found, self.host.wizard.draft.name)
        if self.is_attached:
            self.say("")
            self.query_one("#answer", QuietStatic).show(describe(self.problem))
            self.query_one("#handoff").display = True
            area = self.query_one("#paste", TextArea)
            area.add_class("-explained")
            area.move_cursor((0, 0))  # its first lines have the answer, however the window is resized
            self.query_one("#answer").scroll_visible(top=True, animate=False)

    @on(Button.Pressed, "#handoff")
    def _handoff(self) -> None:
        if self.problem is not None:
            self.host.open_problem(self.problem)

    @on(Button.Pressed, "#clear")
    def _clear(self) -> None:
        self.query_one("#paste", TextArea).text = ""
        self.query_one("#answer", QuietStatic).show("")
        self.query_one("#paste").remove_class("-explained")
        self.query_one("#paste").focus()
