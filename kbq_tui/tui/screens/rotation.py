"""Key rotation: the steps, what to do in Klaviyo, the wait for its call, and the rollback."""

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.rotation_session import RotationSession
from kbq_tui.i18n.messages import translate
from kbq_tui.model.problem import Problem
from kbq_tui.planning.rotation import RotationStep
from kbq_tui.shell.fetch import fetch_line
from kbq_tui.tui import keyboard
from kbq_tui.tui.changes import operator_agreed
from kbq_tui.tui.modals.destroying import destroying
from kbq_tui.tui.rotation_rows import explained, in_klaviyo, step_rows
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.text import brief, plain
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.rows import Rows
from kbq_tui.tui.widgets.static import MessageLine, QuietStatic


class RotationScreen(BaseScreen):
    """The key rotation of one connection, opened from the dashboard.

    Args:
        name: the connection, whose lock is held.
    """

    BINDINGS: ClassVar = [*keyboard.bindings("rotation"), keyboard.bound("back", "up")]
    scopes: ClassVar = ("rotation",)
    help_name = "rotation"

    session: RotationSession

    def __init__(self, name: str) -> None:
        super().__init__()
        self.opened = name

    def fill(self) -> ComposeResult:
        """Lay out the steps, and what is to be done in Klaviyo."""
        yield QuietStatic(id="explained", classes="intro")
        yield Rows(id="steps")
        yield QuietStatic(id="in-klaviyo", classes="gap")

    def foot(self) -> ComposeResult:
        """Lay out the text about a problem, and the buttons."""
        yield QuietStatic(id="about")
        with Horizontal(id="buttons"):
            yield Button(translate("Go on"), id="primary")
            yield Button(translate("Klaviyo has it"), id="confirm")
            yield Button(translate("Roll back"), id="roll-back")
            yield Button(translate("Back"), id="back")

    def on_mount(self) -> None:
        """Read the state; continue to wait if only Klaviyo's call is missing."""
        self.session = RotationSession(self.host.wizard)
        super().on_mount()
        self.query_one("#primary").focus()
        self.draw()
        self.host.launch(self.session.look(), "look")

    # -- drawing ---------------------------------------------------------------------------------------------------

    def title_line(self, width: int) -> Content:
        """Return the top line: the path to this screen."""
        way = [translate("Dashboard"), self.opened, translate("Replace the key")]
        return Content.assemble(
            ("kbq-tui", "bold $primary"), "  ", f"{way[0]} › ", plain(way[1]), " › ", (way[2], "bold")
        )

    def place(self) -> tuple[str, ...]:
        """Return name and project."""
        return (self.opened, self.host.wizard.draft.project.strip())

    def heading(self) -> str:
        """Return the account whose key is replaced."""
        spec = self.host.wizard.spec()
        return translate("Key of {account}", account=spec.account_email.partition("@")[0]) if spec is not None else ""

    def draw_body(self) -> None:
        """Draw the steps, what is to be done in Klaviyo, what blocks, and the buttons."""
        session = self.session
        rows = step_rows(session)
        self.query_one("#steps", Rows).show(rows)
        told = in_klaviyo(session, remote=self.host.look.ssh)
        block = self.query_one("#in-klaviyo", QuietStatic)
        block.show(told)
        block.display = bool(told)
        intro = self.query_one("#explained", QuietStatic)
        intro.show(explained())
        intro.display = not told
        problem = self._problem()
        about = self.query_one("#about", QuietStatic)
        about.display = problem is not None and not session.setup.busy
        if problem is not None:
            about.show(brief(problem))
        self._draw_buttons()

    def _problem(self) -> Problem | None:
        out = self.session.outcome
        return self.host.wizard.sign_in_problem or (next(iter(out.problems), None) if out is not None else None)

    def _draw_buttons(self) -> None:
        session, out = self.session, self.session.outcome
        wizard = self.host.wizard
        primary = self.query_one("#primary", Button)
        idle = not wizard.busy
        if session.awaiting:
            primary.label = translate("Waiting for Klaviyo")
        elif wizard.busy:
            primary.label = translate("Working" if wizard.writing else "Reading")
        elif out is None:
            primary.label = translate("Look")
        elif out.finished:
            primary.label = translate("Done")
        elif not session.begun:
            primary.label = translate("Make the new key")
        elif out.step is RotationStep.HAND_OVER:
            primary.label = translate("Wait for Klaviyo")
        else:
            primary.label = translate("Go on")
        primary.off = not idle
        here = out is not None and (idle or session.awaiting)
        step = out.step if out is not None else None
        self.query_one("#confirm").display = here and step in (RotationStep.HAND_OVER, RotationStep.DISABLE)
        self.query_one("#roll-back").display = here and session.begun and step is not RotationStep.FINISH
        if self.has_no_focus:
            primary.focus()

    def draw_message(self, line: MessageLine) -> None:
        """Draw the message line; it shows the wait for Klaviyo's call, which can be stopped."""
        if self.session.awaiting:
            line.set_note("")
            hint = translate("Esc leaves, both keys work")
            line.busy(translate("Waiting for Klaviyo's call"), self.host.wizard.since, 0.0, hint)
        else:
            super().draw_message(line)

    # -- actions --------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#primary")
    def _primary(self) -> None:
        out = self.session.outcome
        if self.host.wizard.busy:
            return
        if out is None:
            self.host.launch(self.session.look(), "look")
        elif out.finished:
            self.action_up()
        else:
            self._do(self.session.go_on, translate("Replace the key?"), translate("Replace it"))

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self._do(
            lambda: self.session.go_on(confirmed=True), translate("Does Klaviyo use the new key?"), translate("It does")
        )

    @on(Button.Pressed, "#roll-back")
    def _roll_back(self) -> None:
        self._do(self.session.back, translate("Take the new key back?"), translate("Take it back"))

    def _do(self, work: Callable[[], Coroutine[Any, Any, None]], asked: str, yes: str) -> None:
        """Change something; in production, or if the login is not the connection's operator, ask first."""
        self.host.launch(self._agreed(work, asked, yes), "rotate")

    async def _agreed(self, work: Callable[[], Coroutine[Any, Any, None]], asked: str, yes: str) -> None:
        wizard = self.host.wizard
        if wizard.production:
            lines = [translate("This changes which keys of {name} work at Google.", name=self.opened)]
            question = destroying(asked, lines, yes=yes, name=self.opened, production=True)
            if not await self.app.push_screen_wait(question):
                return
        if await operator_agreed(self.host):
            await work()

    @on(Button.Pressed, "#back")
    def action_up(self) -> None:
        """Escape: back to the connection; a wait for Klaviyo ends, and continues when the screen is opened again."""
        wizard = self.host.wizard
        if wizard.writing:
            wizard.say(translate("A change is being made and will be finished first."))
            return
        self.host.launch(self._leave(), "leave")

    async def _leave(self) -> None:
        await self.session.stop()
        self.host.navigation.show_dashboard()
        self.host.navigation.open_connection(self.opened)

    @on(Rows.Chosen, "#steps")
    def _chosen(self, event: Rows.Chosen) -> None:
        if event.row.problem is not None:
            self.host.open_problem(event.row.problem)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    def action_copy_path(self) -> None:
        """y: copy the command that fetches the new key's file."""
        out = self.session.outcome
        if out is not None and out.key is not None:
            self.host.exports.copy_text(fetch_line(out.key.path), translate("The scp command"))
        else:
            self.host.wizard.say(translate("There is no file of a new key here."), bad=True)
