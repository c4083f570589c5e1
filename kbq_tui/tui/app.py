"""The app: the screen that is shown, the work in the background, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding
from textual.filter import LineFilter, NoColor
from textual.geometry import Offset
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from kbq_tui.engine.services import AppServices, UiPreferences
from kbq_tui.engine.setup import SetupSession
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.model.text import inert
from kbq_tui.tui import _textual_compat, keyboard, themes
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.glyphs import AsciiFilter
from kbq_tui.tui.host import STYLES, Host
from kbq_tui.tui.navigation import Navigation
from kbq_tui.tui.quitting import Quitting
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.widgets.cursor import CursorWidget

if TYPE_CHECKING:
    from textual.command import Provider

    from kbq_tui.model.operations import Action
    from kbq_tui.model.summary import Summary
    from kbq_tui.tui.export_actions import ExportActions
    from kbq_tui.tui.status_poller import StatusPoller

_LOG = logging.getLogger("kbq_tui.tui")
Start = Literal["setup", "dashboard"]
SSH_FRAMES = 10
"""The most paintings per second of a screen over SSH."""


def _palette_entries() -> type[Provider]:
    from kbq_tui.tui.palette import PaletteEntries

    return PaletteEntries


class KbqApp(Host):
    """kbq-tui's screens.

    Args:
        services: everything a face needs.
        look: how the screen should look here.
        start: the guided set-up, or the dashboard.
    """

    TITLE = "kbq-tui"
    CSS_PATH: ClassVar = [STYLES / "app.tcss"]
    # With priority; otherwise a key that comes in the same packet (on a slow line) would still go to the field that was
    # left.
    BINDINGS: ClassVar = [
        *keyboard.bindings("app"),
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]
    COMMANDS: ClassVar = {_palette_entries}
    COMMAND_PALETTE_BINDING = "f2"
    ENABLE_COMMAND_PALETTE = True
    AUTO_FOCUS = None
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, services: AppServices, look: DisplayOptions, start: Start) -> None:
        self._ascii = AsciiFilter(enabled=look.ascii)
        self._no_color: LineFilter = NoColor()
        super().__init__()
        self.services = services
        self.look = look
        self.wizard = SetupSession(services, self.redraw)
        self._monitor: StatusPoller | None = None
        self._start = start
        self.held = ExitStack()
        self.recent_commands = []
        self._drawing = False
        self.navigation = self._navigation = Navigation(self, from_dashboard=start == "dashboard")
        self._quitting = Quitting(self)
        self.titles = not look.ascii_default
        self.animation_level = "none"
        if look.ssh:
            _textual_compat.limit_frames(SSH_FRAMES)
        for theme in themes.THEMES.values():
            self.register_theme(theme)
        self.no_color = self.no_color or look.mono
        _textual_compat.begin_with_theme(self, "mono" if look.mono else look.theme)
        self.set_keymap(keyboard.use(look.keymap))

    def get_line_filters(self) -> list[LineFilter]:
        """Return the filters for every drawn line: without colours, or in ASCII."""
        filters = [self._no_color] if self.look.mono else list(super().get_line_filters())
        return [*filters, self._ascii] if self._ascii.enabled else filters

    def get_default_screen(self) -> Screen[Any]:
        """Return the first screen: the step that the operator left, the welcome, or the dashboard."""
        return self._navigation.first_screen()

    def on_mount(self) -> None:
        """Listen to signals; import what the next screens need once the first one is drawn."""
        asyncio.get_running_loop().set_debug(False)  # asyncio's debug mode logs slow calls with their arguments
        self._listen_to_signals()
        self.call_after_refresh(self._warm_up)

    def _warm_up(self) -> None:
        """Sign in while the welcome is shown; the first step does so itself."""
        if not gc.isenabled():  # existing objects stay to the end, so the garbage collector need not scan them
            gc.freeze()
            gc.enable()
        wizard, screen = self.wizard, self.screen
        welcome = self._start == "setup" and isinstance(screen, BaseScreen) and screen.step is None
        if welcome and wizard.cloud is None and not wizard.busy:
            self.launch(wizard.sign_in(), "sign in")

    def _listen_to_signals(self) -> None:
        """End in an orderly way on SIGTERM, SIGHUP and SIGQUIT: the terminal is restored, and input is saved."""
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            loop.add_signal_handler(number, partial(self._signalled, number))
        _textual_compat.watch_terminal(self, partial(self._signalled, signal.SIGHUP))

    def _signalled(self, number: int) -> None:
        self._keep()
        self.exit(128 + number, return_code=128 + number)

    def _keep(self) -> None:
        """Save what was typed in the set-up of an existing connection."""
        self.wizard.save()

    def _handle_exception(self, error: Exception) -> None:
        if _textual_compat.is_ending(self):
            _LOG.info("ignored, as the app was ending", exc_info=error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        kept = False
        with suppress(Exception):  # what has failed may fail here again
            self._keep()
            kept = self.wizard.filed
        _textual_compat.stop_after_crash(self, self.services.log_path, kept=kept)

    @property
    def summary(self) -> Summary | None:
        """The values for Klaviyo, if the last screen was reached; else None."""
        wizard = self.wizard
        reached = wizard.saved is not None and (wizard.saved.finished or wizard.step is Step.CONNECT)
        return wizard.summary() if reached else None

    @property
    def monitor(self) -> StatusPoller:
        """The poller behind the dashboard; created when it is first needed."""
        if self._monitor is None:
            from kbq_tui.tui.status_poller import StatusPoller

            self._monitor = StatusPoller(self.services, self.redraw, lambda: self.wizard.begun, self.look.refresh)
        return self._monitor

    @property
    def exports(self) -> ExportActions:
        """Sends texts to a clipboard, the plain terminal or a file."""
        from kbq_tui.tui.export_actions import ExportActions

        return ExportActions(self)

    @property
    def writing(self) -> bool:
        """Whether a change is being made, by the set-up or by the creation of a view."""
        return self.wizard.writing or self._navigation.making_view

    @property
    def cursor_position(self) -> Offset:  # an attribute in Textual, which lags behind scrolling
        """The place of the terminal's own cursor. Textual asks for it at each painting."""
        focused = self.focused
        if isinstance(focused, CursorWidget):
            return focused.content_region.offset + focused.point()
        return self._cursor_at

    @cursor_position.setter
    def cursor_position(self, at: Offset) -> None:
        self._cursor_at = at

    # -- what screens call -----------------------------------------------------------------------------------------

    def launch(self, work: Coroutine[Any, Any, object], what: str) -> None:
        """Run something in the background.

        Args:
            work: what to run; an exception in it is logged and shown on the message line.
            what: its name in messages and in the log.
        """
        self.run_worker(work, name=what, group=what, description=what, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Log an exception that nothing caught, and say where the details are."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            _LOG.error("unexpected failure: %s", event.worker.description, exc_info=error)
            message = [
                translate("Unexpected failure ({name}) in: {what}.", name=type(error).__name__, what=event.worker.name)
            ]
            if self.services.log_path:
                message.append(translate("Details are in {path}.", path=self.services.log_path))
            self.wizard.say(" ".join(message), bad=True)

    def redraw(self) -> None:
        """Draw the present screen soon; many changes at once are one drawing."""
        if not self._drawing and self.is_running:
            self._drawing = True
            self.call_later(self._draw)

    def _draw(self) -> None:
        self._drawing = False
        outdated = getattr(self.screen, "outdated", None)
        if outdated is not None and outdated():
            self.screen.dismiss(None)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, BaseScreen):
                screen.draw()
                return

    def tell(self, text: str, *, bad: bool = False, done: bool = False, passing: bool = False) -> None:
        """Show one line on the message line."""
        from kbq_tui.tui.modals.base import Modal

        if isinstance(self.screen, Modal):
            self.screen.say(inert(text, 300))
        self.wizard.say(text, bad=bad, done=done, passing=passing)

    def choose(self, **chosen: Any) -> None:
        """Save display preferences, by the fields of `UiPreferences`; a note says if they cannot be written."""
        try:
            self.services.store.save_preferences(replace(self.preferences(), **chosen))
        except ProblemError as error:
            self.tell(f"{render(error.problem.title)}: {render(error.problem.cause)}", bad=True)

    def preferences(self) -> UiPreferences:
        """Return the display preferences; the defaults if they cannot be read."""
        try:
            return self.services.store.preferences()
        except ProblemError:
            return UiPreferences()

    def show_title(self, text: str) -> None:
        """Show something in the terminal's title, after the program's name."""
        _textual_compat.set_title(self, f"{self.TITLE}: {text}" if text else self.TITLE)

    def open_problem(self, problem: Problem, actions: tuple[Action, ...] = ()) -> None:
        """Show a problem with its remedy.

        Args:
            problem: the problem.
            actions: the actions that it blocks, for the text to send.
        """
        from kbq_tui.tui.modals.problem import ProblemSheet

        self.push_screen(ProblemSheet(problem, actions))

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_step_back(self) -> None:
        """Escape: one step back; while something is being read, stop waiting for it instead."""
        self.navigation.back()

    def action_help(self) -> None:
        """F1: explain the screen and its keys."""
        from kbq_tui.tui.modals.help import Help

        screen = self.screen
        if isinstance(screen, BaseScreen):
            self.push_screen(Help(screen.help_name, (*screen.scopes, "working")))

    def action_commands(self) -> None:
        """F3: show what the step does as gcloud, bq and SQL commands."""
        from kbq_tui.tui import side_panel
        from kbq_tui.tui.modals.details import StepCommands

        screen, plan = self.screen, self.wizard.plan
        if isinstance(screen, BaseScreen) and screen.step is not None:
            shown = side_panel.commands(plan, screen.step) if plan is not None and self.wizard.current else []
            self.push_screen(StepCommands(side_panel.lesson(screen.step, shown), shown))

    def action_refresh_now(self) -> None:
        """F5: read everything again; on the dashboard, for all connections."""
        screen = self.screen
        if isinstance(screen, BaseScreen) and screen.step is None:
            self.launch(self.monitor.look(), "dashboard")
        elif not self.wizard.busy:
            self.wizard.sign_in_problem = None
            self.launch(self.wizard.look(), "look")
        self.repaint()

    def action_toggle_ascii(self) -> None:
        """F4: switch between Unicode and ASCII, and save the choice."""
        on = self._ascii.enabled = not self._ascii.enabled
        # What the terminal needs anyway is not a choice: on another terminal it would be the wrong one.
        self.choose(ascii=None if on is self.look.ascii_default else on)
        for screen in self.screen_stack:  # each widget caches its lines as filtered
            screen.refresh()
            screen.query("*").refresh()

    def action_next_theme(self) -> None:
        """F6: switch to the next theme, and save the choice; say why not if there are no colours."""
        if self.look.mono:
            self.tell(
                translate("There are no colours here: NO_COLOR, --no-color, or the terminal has none."), passing=True
            )
            return
        at = themes.CYCLE.index(self.theme) if self.theme in themes.CYCLE else -1
        self.theme = themes.CYCLE[(at + 1) % len(themes.CYCLE)]
        self.choose(theme=self.theme)

    def action_dashboard(self) -> None:
        """F8: go to the dashboard, unless a change is being made."""
        if isinstance(self.screen, BaseScreen) and not self.writing:
            self._keep()
            self.navigation.show_dashboard()

    def action_interrupt(self) -> None:
        """Ctrl+C: the first time, say that a second one quits."""
        self._quitting.interrupt()

    async def action_quit(self) -> None:
        """F10: quit; ask first while a change is being made, or if what was typed would be lost."""
        self._quitting.ask()

    def leave(self) -> None:
        """Save what was typed, and end."""
        self._keep()
        self.exit(0, return_code=0)

    def action_command_palette(self) -> None:
        """F2: show every action by its name."""
        _textual_compat.read_styles(self, [STYLES / "modals.tcss"])
        super().action_command_palette()


def build(services: AppServices, look: DisplayOptions, *, start: Start = "setup") -> KbqApp:
    """Return the app, for tests and screenshots.

    Args:
        services: everything a face needs.
        look: how the screen should look here.
        start: the guided set-up, or the dashboard.
    """
    return KbqApp(services, look, start)
