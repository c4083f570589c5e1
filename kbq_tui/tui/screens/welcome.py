"""Before the first step: what will be done, what is needed, what will not be changed."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import N_, translate
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import ARROW, DOT, GLYPHS, Tone
from kbq_tui.tui.host import STYLES
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.text import headed, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.static import QuietStatic

_LINES = (
    (N_("Does"), N_("two datasets, one service account with a key, three grants")),
    (N_("Proves"), N_("that it works, with the very key that Klaviyo will get")),
    (N_("Needs"), N_("a Google login; what it may not do becomes a text to send")),
    (N_("Leaves"), N_("all else as it is; each change is shown and waits for a key")),
    (N_("Ends"), N_("on the three values that Klaviyo asks for, ready to copy")),
)
_NOT_YET = frozenset({"back", "commands", "refresh", "dashboard"})


class WelcomeScreen(BaseScreen):
    """What the set-up does and needs, shown before the first one. Enter begins."""

    CSS_PATH: ClassVar = [STYLES / "welcome.tcss"]
    help_name: ClassVar[str] = "welcome"

    def fill(self) -> ComposeResult:
        """Lay out what the set-up needs, does and does not change."""
        yield QuietStatic(self._text(), id="welcome")  # one widget for all lines, because this is the first frame

    def foot(self) -> ComposeResult:
        """Lay out the button."""
        yield Button(translate("Begin"), id="primary")

    def _text(self) -> Content:
        heads = headed(*(translate(head) for head, _ in _LINES), gap=3)
        facts = [
            Content.assemble((head, "bold"), translate(text)) for head, (_, text) in zip(heads, _LINES, strict=True)
        ]
        title = Content.assemble(
            ("BigQuery", "bold $primary"), (f"  {ARROW}  ", "$text-quiet"), ("Klaviyo", "bold $success")
        )
        promise = Content.styled(translate("Connect the two in six steps, in a few minutes."), "$text-quiet")
        return Content("\n").join([title, promise, Content(""), *facts, Content(""), self._who()])

    def on_mount(self) -> None:
        """Put the focus on the button."""
        super().on_mount()
        self.focus_first("#primary")

    def heading(self) -> str:
        """Return the title."""
        return translate("Welcome")

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter begins, and those that work everywhere."""
        return [("Enter", translate("Begin")), *keyboard.hints("app", without=_NOT_YET)]

    def draw_body(self) -> None:
        """Draw the text, with who is signed in, or why the sign-in failed."""
        self.query_one("#welcome", QuietStatic).show(self._text())

    def _who(self) -> Content:
        wizard = self.host.wizard
        if wizard.sign_in_problem is not None:
            return Content.assemble(
                (f"{GLYPHS[Tone.FAIL]} ", "$error"),
                plain(wizard.sign_in_problem.title, "$error"),
                f" {DOT} ",
                translate("the next screen says what to do"),
            )
        if wizard.identity is None:
            return Content("")
        who = wizard.identity.principal or translate("somebody")
        # Google has not been called yet, so it is not known whether they are accepted.
        return Content.assemble(f"{GLYPHS[Tone.TODO]} ", translate("Credentials of") + " ", plain(who, "bold"))

    def side(self) -> Content:
        """Return the side panel: how to go back, and how to quit."""
        return Content.assemble(
            (translate("Good to know"), "bold"),
            "\n",
            translate("{key} goes back and undoes nothing.", key=keyboard.face("back")),
            "\n",
            translate(
                "{key} quits. Nothing is kept before the first change; after it, the next start goes on where you"
                " left.",
                key=keyboard.face("quit"),
            ),
            "\n\n",
            translate("The private key is never shown, logged or put on a command line."),
            "\n\n",
            translate(
                "{command} prints the same as a script, for whoever must run it elsewhere.",
                command=self.host.services.command("export gcloud", self.host.wizard.draft.name),
            ),
        )

    @on(Button.Pressed, "#primary")
    def begin(self) -> None:
        """Go to the first step."""
        self.host.choose(welcomed=True)
        self.host.navigation.goto(Step.PROJECT)
