"""Before the first step: what will be done, what is needed, what will not be touched."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.i18n.messages import mark, told
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import ARROW, DOT, GLYPHS, Tone
from kbq_tui.tui.screens.base import Frame
from kbq_tui.tui.text import headed, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic

_LINES = (
    (mark("Does"), mark("two datasets, one service account with a key, three grants")),
    (mark("Proves"), mark("that it works, with the very key that Klaviyo will get")),
    (mark("Needs"), mark("a Google login; what it may not do becomes a text to send")),
    (mark("Leaves"), mark("all else as it is; each change is shown and waits for a key")),
    (mark("Ends"), mark("on the three values that Klaviyo asks for, ready to copy")),
)
_NOT_YET = frozenset({"back", "commands", "refresh"})


class WelcomeScreen(Frame):
    """The first thing that somebody sees who has never been here."""

    help_name: ClassVar[str] = "welcome"

    def fill(self) -> ComposeResult:
        yield QuietStatic(
            Content.assemble(
                ("BigQuery", "bold $primary"), (f"  {ARROW}  ", "$text-quiet"), ("Klaviyo", "bold $success")
            ),
            id="hero",
        )
        yield QuietStatic(told("Connect the two in six steps, in a few minutes."), id="subhero")
        heads = headed(*(told(head) for head, _ in _LINES), gap=3)
        facts = [Content.assemble((head, "bold"), told(text)) for head, (_, text) in zip(heads, _LINES, strict=True)]
        yield QuietStatic(Content("\n").join(facts))  # one widget, not five: this is the first frame
        yield QuietStatic("", id="who")

    def foot(self) -> ComposeResult:
        with Horizontal(id="buttons"):
            yield Button(told("Begin"), id="primary")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_first("#primary")

    def heading(self) -> str:
        return told("Welcome")

    def hints(self) -> list[tuple[str, str]]:
        return [("Enter", told("Begin")), *keyboard.hints("app", without=_NOT_YET)]

    def draw_body(self) -> None:
        wizard = self.host.wizard
        if wizard.sign_in_problem is not None:
            said = Content.assemble(
                (f"{GLYPHS[Tone.FAIL]} ", "$error"),
                plain(wizard.sign_in_problem.title, "$error"),
                f" {DOT} ",
                told("the next screen says what to do"),
            )
        elif wizard.identity is not None:
            who = wizard.identity.principal or told("somebody")
            # Nothing was asked of Google yet: that they are accepted is not known.
            said = Content.assemble(f"{GLYPHS[Tone.TODO]} ", told("Credentials of") + " ", plain(who, "bold"))
        else:
            said = Content("")
        self.query_one("#who", QuietStatic).show(said)

    def side(self) -> Content:
        return Content.assemble(
            (told("Good to know"), "bold"),
            "\n",
            told("{key} goes back and undoes nothing.", key=keyboard.face("back")),
            "\n",
            told("{key} quits; the next start goes on where you left.", key=keyboard.face("quit")),
            "\n\n",
            told("The private key is never shown, logged or put on a command line."),
            "\n\n",
            told("kbq-tui export gcloud prints the same as a script, for whoever must run it elsewhere."),
        )

    @on(Button.Pressed, "#primary")
    def begin(self) -> None:
        """Go to the first step."""
        self.host.choose(welcomed=True)
        self.host.goto(Step.PROJECT)
