"""The connections at a glance, looked at again on a timer. The last good answer stays, with its age."""

from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from kbq_tui.i18n.messages import render, translate, translate_n
from kbq_tui.model.problem import Kind
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard
from kbq_tui.tui.glyphs import DOT, GLYPHS, STYLES, Tone
from kbq_tui.tui.presenters import health_tone, status_row
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.status_poller import PolledConnection, StatusPoller
from kbq_tui.tui.text import block, brief, columns, plain, seconds, status, status_width, step_lines
from kbq_tui.tui.widgets.rows import Row, Rows
from kbq_tui.tui.widgets.static import MessageLine, QuietStatic


class DashboardScreen(BaseScreen):
    """All connections of this machine: how they are, when they were last looked at, and what is left to do.

    Keys: Enter opens the connection or the line under the cursor, F5 looks again, e explains a pasted error.
    """

    BINDINGS = keyboard.bindings("dashboard")
    scopes: ClassVar = ("dashboard",)
    help_name = "dashboard"

    def fill(self) -> ComposeResult:
        """Lay out the list of connections, and under it the lines of the one under the cursor."""
        yield Rows(id="connections")
        yield QuietStatic(id="which", classes="head")
        yield Rows(id="lines")

    def foot(self) -> ComposeResult:
        """Lay out what is said of the row under the cursor."""
        yield QuietStatic(id="about")

    def on_mount(self) -> None:
        """Read the connections, look at them once, and again at every tick of the timer."""
        super().on_mount()
        self.host.monitor.load()
        self.query_one("#connections").focus()
        self.set_interval(self.host.look.refresh, self._tick, name="dashboard")
        self.host.launch(self.host.monitor.look(), "dashboard")

    def on_screen_resume(self) -> None:
        """Read the connections again: the set-up may have changed one."""
        self.host.monitor.load()
        self.draw()

    def _tick(self) -> None:
        if self.is_current and self.host.monitor.due:
            self.host.launch(self.host.monitor.look(), "dashboard")
        else:
            self.draw()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def title_line(self, width: int) -> Content:
        """Return the top line."""
        return Content.assemble(("kbq-tui", "bold $primary"), "  ", (translate("Dashboard"), "bold"))

    def heading(self) -> str:
        """Return the title, with the number of connections."""
        n = len(self.host.monitor.connections)
        return translate_n("Dashboard", "Dashboard: {n} connections", n)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys: Enter opens, and the keys of the screen."""
        return [("Enter", translate("Open")), *keyboard.hints(*self.scopes, "app", without=frozenset({"commands"}))]

    def draw_message(self, line: MessageLine) -> None:
        """Draw the message line: that a look is under way, else when the last one was and how it went."""
        watch = self.host.monitor
        line.set_note(self._note(), bad=watch.failures > 0)
        if watch.looking_since is not None:
            line.busy(translate("Looking at the connections"), watch.looking_since, 90.0, "")
        else:
            line.idle()

    def _elapsed(self) -> float:
        since = self.host.monitor.looking_since
        return self.host.services.clock.monotonic() - since if since is not None else 0.0

    def _note(self) -> str:
        watch = self.host.monitor
        if note := self.latest_note():
            return note
        every = seconds(self.host.look.refresh * watch.periods())
        if watch.failures:
            return _failed(watch, every, self.host.services.clock.now())
        if watch.at is None:
            return ""
        return translate("Looked at {at:%H:%M:%S} UTC {dot} again every {every}", at=watch.at, dot=DOT, every=every)

    def draw_body(self) -> None:
        """Draw the connections and the lines of the one under the cursor."""
        watch = self.host.monitor
        self.query_one("#connections", Rows).show([self._connection(w) for w in watch.connections])
        chosen = self.chosen()
        which = self.query_one("#which", QuietStatic)
        if chosen is None:
            begin = self.host.services.command("setup", "")
            which.show(translate("No connection is set up yet. {command} begins one.", command=begin))
            self.query_one("#lines", Rows).show([])
            return
        rows: list[Row] = []
        if chosen.status is not None:
            dim = watch.stale(chosen)
            rows = [status_row(line, dim=dim and line in chosen.known) for line in chosen.status.lines]
            tick = translate(
                "Klaviyo connected" if chosen.saved.connected else "not marked as connected to Klaviyo yet"
            )
            last = (_as_of(chosen, self.host.services.clock.now()), "$warning") if dim else (tick, "")
            which.show(
                Content.assemble(
                    plain(chosen.name, "bold"), f"  {DOT}  ", plain(chosen.saved.draft.project), f"  {DOT}  ", last
                )
            )
        else:
            which.show(plain(chosen.name, "bold"))
        self.query_one("#lines", Rows).show(rows)
        self._about()

    def _connection(self, watched: PolledConnection) -> Row:
        name = plain(watched.name, "bold")
        project = plain(watched.saved.draft.project)
        if watched.status is None:
            tone = Tone.UNKNOWN if watched.problem or self.host.monitor.problem else Tone.READ
            message = plain(watched.problem.title, "$text-quiet") if watched.problem else Content("")
        else:
            # What is known from before proves nothing of now.
            dim = self.host.monitor.stale(watched)
            tone = Tone.UNKNOWN if dim else health_tone(watched.health)
            bad = [line for line in watched.known if health_tone(line.health) is not Tone.OK]
            words = (
                ", ".join(render(line.title) for line in bad) if bad else translate("all was ok" if dim else "all ok")
            )
            if watched.problem is not None and not watched.known_before:
                words = render(watched.problem.title)
            message = plain(words, "$text-quiet")
        content = columns((status(tone), 0), (name, 18), (project, 26), (message, 0))
        if watched.status is not None and self.host.monitor.stale(watched):
            content = content.stylize("$text-quiet")
        return Row(f"connection:{watched.name}", content, whole=status_width() + 18 + 26)

    def _about(self) -> None:
        row = self.query_one("#lines", Rows).row if self.query_one("#lines").has_focus else None
        problem = row.problem if row is not None else None
        about = self.query_one("#about", QuietStatic)
        if problem is None:
            about.display = False
            return
        about.display = True
        about.show(brief(problem))

    def side(self) -> Content:
        """Return the side panel: what is left to do for the connection under the cursor."""
        chosen = self.chosen()
        if chosen is None or chosen.status is None:
            return Content("")
        parts: list[Content] = [Content.styled(translate("What to do"), "bold"), Content("\n")]
        plan = chosen.status.plan
        if plan.complete and chosen.status.healthy:
            parts.append(Content(translate("Nothing: everything is in place.")))
        for action in plan.changes:
            parts += [
                Content.styled(f"{GLYPHS[Tone.CREATE]} ", STYLES[Tone.CREATE]),
                plain(action.summary),
                Content("\n"),
            ]
        for blocked in plan.blocked:
            parts += [
                Content.styled(f"{GLYPHS[Tone.FAIL]} ", STYLES[Tone.FAIL]),
                plain(blocked.problem.title),
                Content("\n"),
            ]
        bad = [line.problem for line in chosen.status.lines if line.problem is not None]
        for problem in bad[:3]:
            parts += [
                Content("\n"),
                plain(problem.title, "bold"),
                Content("\n"),
                block("\n".join(map(step_lines, problem.remedy))),
                Content("\n"),
            ]
        return Content("").join(parts)

    # -- what the operator does --------------------------------------------------------------------------------------

    def chosen(self) -> PolledConnection | None:
        """Return the connection under the cursor."""
        row = self.query_one("#connections", Rows).row
        return next(
            (w for w in self.host.monitor.connections if row is not None and row.id == f"connection:{w.name}"), None
        )

    @on(Rows.Chosen, "#connections")
    def _open(self) -> None:
        watched = self.chosen()
        if watched is not None:
            self.host.open_setup(watched.name, watched.step())

    @on(Rows.Chosen, "#lines")
    def _line(self, event: Rows.Chosen) -> None:
        watched = self.chosen()
        if event.row.problem is not None and event.row.id not in _OFFERED:
            self.host.open_problem(event.row.problem)
        elif watched is not None:
            self.host.open_setup(watched.name, _STEPS.get(event.row.id, watched.step()))

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    def action_explain(self) -> None:
        """e: paste an error and have it explained."""
        from kbq_tui.tui.modals.explain import Explain

        self.app.push_screen(Explain())


def _failed(watch: StatusPoller, every: str, now: datetime) -> str:
    """Return since when Google gives no answer, when the next try is, and how old what is shown is."""
    reason = watch.reason
    what = (
        render(reason.title)
        if reason is not None and reason.kind is not Kind.NETWORK
        else translate("Google cannot be reached")
    )
    message = translate(
        "{what} since {since:%H:%M} UTC, next try in {every}", what=what, since=watch.since, every=every
    )
    if watch.at is not None:
        age = seconds(max(0.0, (now - watch.at).total_seconds()))
        message = translate("{said}; shown is {at:%H:%M:%S} UTC, {age} old", said=message, at=watch.at, age=age)
    return message


def _as_of(watched: PolledConnection, now: datetime) -> str:
    """Return how old what is shown of a connection is."""
    at = watched.status.as_of if watched.status is not None else None
    if at is None:
        return translate("nothing known from before")
    return translate("as of {at:%H:%M} UTC, {age} old", at=at, age=seconds(max(0.0, (now - at).total_seconds())))


_STEPS = {
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
    "jobs": Step.VERIFY,
}
_OFFERED = ("key-unheld", "over-grant")
"""Lines whose step offers to take away what they name, and explains it too."""
