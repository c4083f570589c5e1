"""Decides which screen is shown next: the steps of the set-up, the dashboard, a connection, and where Escape leads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kbq_tui.engine.services import ConnectionDraft, SavedConnection
from kbq_tui.engine.setup import STEPS, SetupSession
from kbq_tui.i18n.messages import translate
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.host import Host, Navigator
from kbq_tui.tui.screens import screen_for
from kbq_tui.tui.screens.base import BaseScreen

if TYPE_CHECKING:
    from kbq_tui.engine.activity_session import ActivitySession
    from kbq_tui.engine.source.session import SourceSession


class Navigation(Navigator):
    """Shows screens, and remembers where the operator came from.

    Args:
        app: the app whose screens are shown.
        from_dashboard: whether the app starts with the dashboard.
    """

    def __init__(self, app: Host, *, from_dashboard: bool) -> None:
        self._app = app
        self._from_dashboard = from_dashboard
        self._entered_at: Step | None = None
        self._came_from = ""
        self._source_from: tuple[Step | None, str] = (None, "")
        self._sources: dict[str, SourceSession] = {}
        self._activities: dict[str, ActivitySession] = {}

    def first_screen(self) -> BaseScreen:
        """Return the first screen: the dashboard, the welcome, or the step that the operator left."""
        if self._from_dashboard:
            from kbq_tui.tui.screens.dashboard import DashboardScreen

            return DashboardScreen()
        wizard = self._app.wizard
        wizard.restore()
        if wizard.fresh and not self._app.preferences().welcomed:
            from kbq_tui.tui.screens.welcome import WelcomeScreen

            return WelcomeScreen()
        return screen_for(wizard.step)()

    def show(self, screen: BaseScreen) -> None:
        """Replace the present screen."""
        self._app.call_later(self._exchange, screen)

    async def _exchange(self, screen: BaseScreen) -> None:
        """Replace the screen, and paint once: each painting of 80x24 is some 5 kB.

        Textual's default screen cannot be replaced, so the second screen goes on top of it.
        """
        app = self._app
        with app.batch_update():
            if len(app.screen_stack) == 1:
                await app.push_screen(screen)
            else:
                await app.switch_screen(screen)

    def goto(self, step: Step) -> None:
        """Go to a step of the set-up, and show it."""
        self._app.wizard.go(step)
        self.show(screen_for(step)())

    def _enter(self, step: Step) -> None:
        """Show the step at which the set-up was entered, without saving it as progress."""
        self._entered_at = step
        self._app.wizard.stand_on(step)
        self.show(screen_for(step)())

    def show_dashboard(self) -> None:
        """Show the dashboard, and release the lock on the connection that was set up."""
        from kbq_tui.tui.screens.dashboard import DashboardScreen

        app = self._app
        self._from_dashboard = True
        if isinstance(app.screen, BaseScreen) and app.screen.step is not None:
            app.monitor.hurry()
        app.held.close()  # the dashboard only reads, and needs no lock
        app.wizard.note = None
        self.show(DashboardScreen())

    def open_connection(self, name: str) -> None:
        """Show one connection of the dashboard in detail."""
        from kbq_tui.tui.screens.connection import ConnectionScreen

        self._app.wizard.note = None
        self.show(ConnectionScreen(name))

    def _saved(self, name: str) -> SavedConnection | None:
        """Return a connection as it is saved, else as far as its set-up has come; None if it is unknown."""
        watched = self._app.monitor.named(name)
        return self._app.services.store.load(name) or (watched.saved if watched is not None else None)

    def open_source(self, name: str) -> None:
        """Show the tables of a connection; a check of them that is running continues."""
        from kbq_tui.engine.source.session import SourceSession
        from kbq_tui.tui.screens.source import SourceScreen

        app = self._app
        wizard, screen = app.wizard, app.screen
        step = screen.step if isinstance(screen, BaseScreen) else None
        saved = self._saved(name)
        draft = wizard.draft if step is not None else saved.draft if saved is not None else None
        if draft is None:
            return
        self._source_from = (step, screen.opened if isinstance(screen, BaseScreen) else "")
        wizard.note = None
        known = self._sources.get(name)
        if known is None or known.draft != draft:
            services = replace(app.services, sign_in=app.services.operator_of(saved))
            known = self._sources[name] = SourceSession(services, draft, app.redraw)
        self.show(SourceScreen(known))

    def activity(self, name: str) -> ActivitySession | None:
        """Return Klaviyo's activity for a connection, with earlier results; None if it is unknown."""
        from kbq_tui.engine.activity_session import ActivitySession

        services = self._app.services
        saved, known = self._saved(name), self._activities.get(name)
        if saved is None:
            return None
        if known is None or known.draft != saved.draft:
            own = replace(services, sign_in=services.operator_of(saved))
            known = self._activities[name] = ActivitySession(own, saved.draft, self._app.redraw)
        return known

    @property
    def making_view(self) -> bool:
        """Whether a view of a table is being made."""
        return any(session.making for session in self._sources.values())

    @property
    def source_came_from_setup(self) -> bool:
        """Whether the set-up led to the tables."""
        return self._source_from[0] is not None

    def leave_source(self, *, forward: bool) -> None:
        """Leave the tables: back to the previous screen, or `forward` to the set-up's next step."""
        step, opened = self._source_from
        if step is not None:
            self.goto(Step.CONNECT if forward else step)
        elif opened and not forward:
            self.open_connection(opened)
        elif not forward:
            self.show_dashboard()

    def open_setup(self, name: str, step: Step | None, *, checks: bool = False) -> None:
        """Continue the set-up of a connection, under its lock; if the lock is held by another process, show that.

        Args:
            name: the connection.
            step: where to continue; None for the step that the operator left.
            checks: whether the operator has asked for the checks, which the verify step then runs.
        """
        app = self._app
        here = app.wizard.record is not None and app.wizard.draft.name == name
        saved = self._saved(name)
        if saved is None and not here:
            return
        if not self._take_up(name, None if here or saved is None else saved.draft, saved):
            return
        wizard = app.wizard
        saved = wizard.saved
        wizard.furthest = STEPS[-1] if saved is not None and saved.finished else wizard.furthest
        wizard.checks_due = checks
        self._enter(step or (saved.screen if saved is not None else None) or wizard.step)

    def open_rotation(self, name: str) -> None:
        """Show the key rotation of a connection, under its lock; if the lock is held by another process, show that.

        Args:
            name: the connection.
        """
        from kbq_tui.tui.screens.rotation import RotationScreen

        here = self._app.wizard.record is not None and self._app.wizard.draft.name == name
        saved = self._saved(name)
        if saved is not None and self._take_up(name, None if here else saved.draft, saved):
            self.show(RotationScreen(name))

    def new_connection(self, name: str) -> None:
        """Begin the set-up of a new connection, under its lock."""
        if self._take_up(name, ConnectionDraft(name=name)):
            self._enter(Step.PROJECT)

    def _take_up(self, name: str, draft: ConnectionDraft | None, saved: SavedConnection | None = None) -> bool:
        """Lock a connection and make it the one that is set up.

        Args:
            name: the connection.
            draft: the values to begin with; None if it is the present one already.
            saved: what is known of it, including who signs in.

        Returns:
            False if that is not possible; the reason is shown.
        """
        app = self._app
        if draft is not None and app.wizard.busy:
            app.wizard.say(translate("Another connection is still being worked on."), bad=True)
            return False
        self._came_from = app.screen.opened if isinstance(app.screen, BaseScreen) else ""
        try:
            app.held.enter_context(app.services.guard(name))
        except ProblemError as error:
            app.open_problem(error.problem)
            return False
        if draft is not None:
            services = replace(app.services, sign_in=app.services.operator_of(saved))
            app.wizard = SetupSession(services, app.redraw)
            app.wizard.restore(draft)
        return True

    def back(self) -> None:
        """Go one step back; while something is being read, stop waiting for it instead."""
        wizard, screen = self._app.wizard, self._app.screen
        if not isinstance(screen, BaseScreen):
            return
        if wizard.writing:
            stop = keyboard.face("stop")
            wizard.say(
                translate(
                    "A change is being made and will be finished first. {key} stops waiting for Google.", key=stop
                ),
                passing=True,
            )
        elif wizard.busy:
            self._app.workers.cancel_node(self._app)
            wizard.say(
                translate("Stopped waiting. Nothing was changed; {key} looks again.", key=keyboard.face("refresh")),
                passing=True,
            )
        elif screen.step is None:
            wizard.say(
                translate("{back} never quits. {quit} does.", back=keyboard.face("back"), quit=keyboard.face("quit")),
                passing=True,
            )
        else:
            self._back_from(screen.step)

    def _back_from(self, step: Step) -> None:
        wizard, at = self._app.wizard, STEPS.index(step)
        if self._from_dashboard:
            self._entered_at = None
            self.show_dashboard()
            if self._came_from:
                self.open_connection(self._came_from)
        elif at > 0:
            self.goto(STEPS[at - 1])
        else:
            key = keyboard.face("quit")
            wizard.say(
                translate("This is the first step. {key} quits; everything typed is kept.", key=key)
                if wizard.keeping
                else translate(
                    "This is the first step. {key} quits; nothing is kept before the first change.", key=key
                ),
                passing=True,
            )
