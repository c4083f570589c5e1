"""Before the first step: what will be done, what is needed, what will not be touched."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.core.steps import Step
from kbq_tui.core.words import told
from kbq_tui.tui import keys
from kbq_tui.tui.frame import Frame
from kbq_tui.tui.glyphs import ARROW, DOT, GLYPHS, Tone
from kbq_tui.tui.text import plain
from kbq_tui.tui.widgets.bars import Quiet
from kbq_tui.tui.widgets.push import Push

_LINES = (
    ("Does", "two datasets, one service account with a key, three grants"),
    ("Proves", "that it works, with the very key that Klaviyo will get"),
    ("Needs", "a Google login; for what it may not do, a text for who may"),
    ("Leaves", "all else as it is; each change is shown and waits for a key"),
    ("Ends", "on the three values that Klaviyo asks for, ready to copy"),
)
_NOT_YET = frozenset({"back", "commands", "refresh"})


class WelcomeScreen(Frame):
    """The first thing that somebody sees who has never been here."""

    help_name: ClassVar[str] = "welcome"

    def fill(self) -> ComposeResult:
        yield Quiet(
            Content.assemble(
                ("BigQuery", "bold $primary"), (f"  {ARROW}  ", "$text-quiet"), ("Klaviyo", "bold $success")
            ),
            id="hero",
        )
        yield Quiet("Connect the two in six steps, in a few minutes.", id="subhero")
        facts = [Content.assemble((head.ljust(9), "bold"), text) for head, text in _LINES]
        yield Quiet(Content("\n").join(facts))  # one widget, not five: this is the first frame
        yield Quiet("", id="who")

    def foot(self) -> ComposeResult:
        with Horizontal(id="buttons"):
            yield Push("Begin", id="primary")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#primary").focus()

    def heading(self) -> str:
        return "Welcome"

    def hints(self) -> list[tuple[str, str]]:
        return [(told("Enter"), told("Begin")), *keys.hints("app", without=_NOT_YET)]

    def draw_body(self) -> None:
        wizard = self.host.wizard
        if wizard.sign_in_problem is not None:
            said = Content.assemble(
                (f"{GLYPHS[Tone.FAIL]} ", "$error"),
                plain(wizard.sign_in_problem.title, "$error"),
                f" {DOT} the next screen says what to do",
            )
        elif wizard.identity is not None:
            who = wizard.identity.principal or "somebody"
            said = Content.assemble((f"{GLYPHS[Tone.OK]} ", "$success"), "Signed in as ", plain(who, "bold"))
        else:
            said = Content("")
        self.query_one("#who", Quiet).show(said)

    def side(self) -> Content:
        return Content.assemble(
            ("Good to know", "bold"),
            "\nEsc goes back and undoes nothing.\nF10 quits; the next start goes on where you left.\n\n"
            "The private key is never shown, logged or put on a command line.\n\n"
            "kbq-tui export gcloud prints the same as a script, for whoever must run it elsewhere.",
        )

    @on(Push.Pressed, "#primary")
    def begin(self) -> None:
        """Go to the first step."""
        self.host.choose(welcomed=True)
        self.host.goto(Step.PROJECT)
