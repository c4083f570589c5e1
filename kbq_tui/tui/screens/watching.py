"""The base of the dashboard and the screen of one connection: looks on a timer, and the actions on a connection."""

from abc import abstractmethod
from datetime import datetime
from typing import ClassVar, Final

from textual.content import Content

from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.problem import Kind, ProblemError
from kbq_tui.model.spec import InvalidValueError
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import DOT
from kbq_tui.tui.polled_connection import PolledConnection
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.status_poller import StatusPoller
from kbq_tui.tui.text import seconds
from kbq_tui.tui.widgets.rows import Row
from kbq_tui.tui.widgets.static import MessageLine

FRAME_CELLS = 10
"""Cells of the frame's upper edge that neither its title nor its state can use."""
TICK = 1.0
"""Seconds between two checks of the clock. Nothing is drawn if nothing on the screen has changed."""
COUNT_BY = 15
"""The step of the countdown in seconds: each change is some 30 bytes on a slow line."""


class WatchingScreen(BaseScreen):
    """A screen that reads connections again and again."""

    scopes: ClassVar[tuple[str, ...]] = ("connection",)
    help_name = "dashboard"
    _minute: datetime | None = None

    def on_mount(self) -> None:
        """Read at once, and again whenever it is time."""
        super().on_mount()
        self.set_interval(TICK, self._tick, name="dashboard")
        self.watch(self.app, "app_focus", self._focus_changed, init=False)

    def _focus_changed(self, here: bool) -> None:
        """Pause while another window has the focus; once this one has it again, read if that is due."""
        self.host.monitor.away = not here
        self._tick()

    def _tick(self) -> None:
        if not self.is_current:
            return
        monitor, now = self.host.monitor, self.host.services.clock.now()
        if monitor.due:
            self.host.wizard.note = None
            self.look()
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute = minute
            self.aged()
        self._draw_frame()
        self.draw_message(self.query_one(MessageLine))

    def look(self) -> None:
        """Read all connections, unless that is running."""
        self.host.launch(self.host.monitor.look(), "dashboard")

    def aged(self) -> None:
        """Draw what depends on how long ago something was; called once a minute."""

    @abstractmethod
    def chosen(self) -> PolledConnection | None:
        """Return the connection for the keys."""

    # -- the message line ------------------------------------------------------------------------------------------

    def draw_message(self, line: MessageLine) -> None:
        """Draw the message line: that a look is running, else the result of the last one and when the next one
        is."""
        monitor, note = self.host.monitor, self.host.wizard.note
        failed = "" if note or not monitor.failures else _failed(monitor, self.host.services.clock.now())
        line.set_note(self.latest_note() or failed, note)
        if monitor.looking_since is not None:
            line.busy(translate("Looking at the connections"), monitor.looking_since, 0.0, "")
        else:
            line.idle()

    def _elapsed(self) -> float:
        since = self.host.monitor.looking_since
        return self.host.services.clock.monotonic() - since if since is not None else 0.0

    def state(self) -> Content:
        """Return when the latest look was, and when the next one is."""
        monitor = self.host.monitor
        if monitor.at is None or monitor.failures:
            return Content("")
        looked = translate("Looked at {at:%H:%M:%S} UTC", at=monitor.at)
        both, following = f"{looked} {DOT} {_next_look(monitor)}", _next_look(monitor)
        room = (self.query_one("#body").outer_size.width or self._width) - FRAME_CELLS - len(self.heading())
        return Content.styled(both if len(both) <= room else following, "$text-quiet")

    # -- actions --------------------------------------------------------------------------------------------------

    def action_verify(self) -> None:
        """v: run all checks with the key."""
        self._open(Step.VERIFY, checks=True)

    def action_set_up(self) -> None:
        """s: open the set-up at the step where something is left to do."""
        self._open(None)

    def _open(self, step: Step | None, *, checks: bool = False) -> None:
        watched = self.chosen()
        if watched is not None:
            self.host.navigation.open_setup(watched.name, step or watched.step(), checks=checks)

    def action_tables(self) -> None:
        """t: show whether the tables are ready for Klaviyo."""
        watched = self.chosen()
        if watched is not None:
            self.host.navigation.open_source(watched.name)

    def action_activity(self) -> None:
        """u: show Klaviyo's activity in full."""
        from kbq_tui.tui.modals.activity import ActivitySheet

        watched = self.chosen()
        session = self.host.navigation.activity(watched.name) if watched is not None else None
        if session is not None:
            if session.due:
                self.host.launch(session.look(), "activity")
            self.app.push_screen(ActivitySheet(session))

    def action_rotate(self) -> None:
        """r: open the key rotation."""
        watched = self.chosen()
        if watched is not None:
            self.host.navigation.open_rotation(watched.name)

    def action_put_back(self) -> None:
        """b: open the plan that restores what has changed since an earlier look."""
        watched = self.chosen()
        if watched is None or not watched.history.drift:
            self.host.wizard.say(translate("Nothing has changed since an earlier look."), passing=True)
            return
        self.host.navigation.open_setup(
            watched.name, min((d.step for d in watched.history.drift), key=list(Step).index)
        )

    def action_accept(self) -> None:
        """a: accept what has changed since an earlier look."""
        watched = self.chosen()
        if watched is None or not watched.history.drift:
            self.host.wizard.say(translate("Nothing has changed since an earlier look."), passing=True)
            return
        try:
            self.host.monitor.accept(watched)
        except ProblemError as error:
            self.host.open_problem(error.problem)

    def action_remove(self) -> None:
        """d: remove the connection from this machine, after a question; in production its name must be typed."""
        from kbq_tui.tui.modals.destroying import destroying

        watched = self.chosen()
        if watched is None:
            return
        name = watched.name
        asked = translate("Forget {name} on this machine?", name=name)
        lines = [translate("Its file, its journal and what was seen of it are deleted here.")]
        lines.append(translate("The key file stays, and nothing changes at Google."))
        yes = translate("Forget it")
        question = destroying(asked, lines, yes=yes, name=name, production=watched.saved.production)
        self.app.push_screen(question, lambda agreed: self._remove(name) if agreed else None)

    def _remove(self, name: str) -> None:
        """Remove a connection; show what stays, or why it cannot be removed."""
        try:
            left = self.host.services.remove(name)
        except ProblemError as error:
            self.host.open_problem(error.problem)
            return
        self.host.navigation.show_dashboard()
        text = translate("{name} is forgotten on this machine.", name=name)
        if left:
            text += " " + translate("What stays: {paths}.", paths=", ".join(left))
        self.host.wizard.say(text, done=True)

    def open_part(self, row: Row) -> None:
        """Explain what is wrong with a part, or show the jobs or the rotation; else go to the step for the part."""
        watched = self.chosen()
        if row.problem is not None and row.id not in _OFFERED:
            self.host.open_problem(row.problem)
        elif row.id == "jobs":
            self.action_activity()
        elif row.id == "rotation":
            self.action_rotate()
        elif watched is not None:
            self.host.navigation.open_setup(watched.name, _STEPS.get(row.id, watched.step()))

    def action_copy_values(self) -> None:
        """y: copy the values for Klaviyo."""
        watched = self.chosen()
        if watched is None:
            return
        try:
            values = watched.values()
        except InvalidValueError as error:
            self.host.wizard.say(render(error.reason), bad=True)
            return
        text = "".join(f"{render(line)}\n" for line in values.lines())
        self.host.exports.copy_text(text, translate("Values of {name}", name=watched.name))

    def action_pause(self) -> None:
        """p: pause the looks, or continue them."""
        monitor = self.host.monitor
        monitor.paused = not monitor.paused
        self.host.wizard.note = None
        self._tick()

    def action_explain(self) -> None:
        """e: paste an error and have it explained."""
        from kbq_tui.tui.modals.explain import Explain

        self.app.push_screen(Explain())


_STEPS: Final = {
    "credential": Step.PROJECT,
    "service": Step.PROJECT,
    "dataset": Step.DATASETS,
    "account": Step.ACCOUNT,
    "key": Step.ACCOUNT,
    "key-age": Step.ACCOUNT,
    "key-unheld": Step.ACCOUNT,
    "grant": Step.PERMISSIONS,
    "over-grant": Step.PERMISSIONS,
    "last-verify": Step.VERIFY,
}
_OFFERED: Final = ("key-unheld", "over-grant")
"""Lines whose step can remove what they name, and explains it, too."""


def _next_look(monitor: StatusPoller) -> str:
    """Return when the next look is."""
    if monitor.paused:
        return translate("paused: {key} goes on", key=keyboard.face("pause"))
    if monitor.away:
        return translate("resting: another window has the focus")
    return translate("next look in {wait}", wait=countdown(monitor.wait()))


def countdown(left: float) -> str:
    """Return the seconds that are left, rounded up to quarters of a minute, and to whole minutes above two."""
    step = 60 if left > 120 else COUNT_BY
    return seconds(max(1, -(-left // step)) * step)


def _failed(monitor: StatusPoller, now: datetime) -> str:
    """Return since when Google gives no answer, and when the next attempt is."""
    reason = monitor.reason
    what = (
        render(reason.title)
        if reason is not None and reason.kind is not Kind.NETWORK
        else translate("Google cannot be reached")
    )
    since = translate("{what} since {since:%H:%M} UTC", what=what, since=monitor.since)
    if monitor.paused or monitor.away:
        return f"{since}, {_next_look(monitor)}"
    wait = countdown(monitor.wait())
    return translate("{since}, next try in {wait} (try {n})", since=since, wait=wait, n=monitor.failures + 1)
