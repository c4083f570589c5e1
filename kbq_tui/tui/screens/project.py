"""Step 1: who is signed in, the project, the location, the direction, and any obstacles."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.services import Login
from kbq_tui.i18n.messages import N_, render, translate, translate_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.observed import Present
from kbq_tui.model.operations import Action
from kbq_tui.model.problem import Problem
from kbq_tui.model.spec import Direction, check_location, check_project
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.changes import carried_out
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.preflight_rows import preflight
from kbq_tui.tui.presenters import finding_row
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.signing_in import can_mend, log_in, sign_in_with
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import brief, columns, plain, status, status_width, wrapped
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.choice import Choice
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.rows import Rows, row_hint
from kbq_tui.tui.widgets.static import QuietStatic

_DIRECTIONS = (
    (Direction.IMPORT.value, N_("import"), N_("Klaviyo reads: Data Viewer on the import dataset")),
    (Direction.EXPORT.value, N_("export"), N_("Klaviyo writes: Data Editor on the export dataset")),
    (Direction.BOTH.value, N_("both"), N_("Klaviyo reads and writes: Data Editor on one dataset for both")),
)


class ProjectScreen(BaseScreen):
    """Step 1: who is signed in, the project, the location and the direction, and whether the project is ready.

    Keys: F7 picks a project, or a location if that field has the focus; F5 reads again.
    """

    BINDINGS = keyboard.bindings("project")
    scopes: ClassVar = ("project",)
    step = Step.PROJECT
    help_name = "project"

    def fill(self) -> ComposeResult:
        """Lay out who is signed in, the fields for project, location and direction, and the findings."""
        draft = self.host.wizard.draft
        yield QuietStatic(id="signed-in")
        yield Field(
            "project",
            translate("Project ID"),
            draft.project,
            check_project,
            placeholder=translate("my-company-prod ({key} picks)", key=keyboard.face("pick")),
        )
        yield Field(
            "location",
            translate("Location"),
            draft.location,
            check_location,
            placeholder=translate("empty: as it is, else US"),
            optional=True,
        )
        with Horizontal(classes="field-line field"):
            yield QuietStatic(translate("Direction"), classes="field-label")
            yield Choice([(v, translate(label)) for v, label, _ in _DIRECTIONS], draft.direction, id="direction")
        yield QuietStatic(id="direction-note")
        yield Rows(id="findings", classes="head")

    def foot(self) -> ComposeResult:
        """Lay out the text about the row under the cursor, and the buttons."""
        yield QuietStatic(id="about")
        with Horizontal(id="buttons"):
            yield Button(translate("Look"), id="primary")
            yield Button(translate("Turn on APIs"), id="enable")
            yield Button(translate("Use gcloud's login"), id="gcloud")
            yield Button(translate("Another way"), id="otherwise")
            yield Button(translate("Continue"), id="continue")

    def on_mount(self) -> None:
        """Sign in, and read the project if one is named."""
        super().on_mount()
        wizard = self.host.wizard
        if wizard.spec() is None:
            self.focus_first("#field-project LineInput")
        else:
            self.focus_first("#primary")
        if wizard.spec() is not None and not wizard.current:
            self.host.launch(wizard.look(), "look")
        elif wizard.cloud is None and wizard.sign_in_problem is None:
            self.host.launch(wizard.sign_in(), "sign in")

    def enter(self) -> str:
        """Return what Enter does: explain the row under the cursor, choose, or press the button."""
        return row_hint(self.focused) or super().enter()

    def heading(self) -> str:
        """Return the title."""
        return translate("Step {n} of {all}: {title}", n=1, all=len(Step), title=translate(STEP_HELP[self.step].title))

    def intro(self) -> str:
        """Return what the step does."""
        return translate(STEP_HELP[self.step].intro)

    # -- drawing ---------------------------------------------------------------------------------------------------

    def draw_body(self) -> None:
        """Draw who is signed in, the fields' notes, the findings about the project, and the buttons."""
        wizard = self.host.wizard
        self.query_one("#signed-in", QuietStatic).show(self._who())
        location = self.query_one("#field-location", Field)
        location.follow(wizard.draft.location)
        self.query_one("#field-project", Field).follow(wizard.draft.project)
        note = next((n for v, _, n in _DIRECTIONS if v == wizard.draft.direction), "")
        self.query_one("#direction-note", QuietStatic).show(Content.styled(translate(note), "$text-quiet"))
        self._draw_location_note(location)
        signed_out = wizard.sign_in_problem
        rows = [] if signed_out else [finding_row(f) for f in preflight(wizard)]
        self.query_one("#findings", Rows).show(rows)
        self._draw_about()
        self._draw_buttons()

    def _who(self) -> Content:
        wizard = self.host.wizard
        if wizard.sign_in_problem is not None:
            return columns((status(Tone.FAIL), 0), (plain(wizard.sign_in_problem.title, "$error"), 0))
        if wizard.identity is None:
            return columns((status(Tone.READ), 0), (Content(translate("Signing in")), 0))
        who = plain(wizard.identity.principal or translate("somebody"), "bold")
        source = plain(f" ({render(wizard.identity.source)})", "$text-quiet")
        # Until Google has answered, only the credentials are known, not whether they are accepted.
        tone = Tone.OK if wizard.answered else Tone.UNKNOWN
        head = translate("Signed in as") if wizard.answered else translate("Credentials of")
        line = columns((status(tone), 0), (Content(head + " "), 0), (who, 0), (source, 0))
        return Content("\n").join(wrapped(line, self.query_one("#signed-in").size.width, status_width()))

    def _draw_location_note(self, field: Field) -> None:
        wizard = self.host.wizard
        text = ""
        if wizard.plan is not None and wizard.current and wizard.plan.location and not wizard.draft.location.strip():
            there = wizard.observed is not None and any(
                isinstance(p, Present) for p in wizard.observed.datasets.values()
            )
            text = translate("{where}, as what exists" if there else "{where} by default", where=wizard.plan.location)
        field.note(Content.styled(text, "$text-quiet"))

    def state(self) -> Content:
        """Return whether anything blocks the set-up."""
        wizard = self.host.wizard
        if wizard.sign_in_problem is not None:
            return Content.styled(translate("Sign in first"), "bold")
        if wizard.plan is None or not wizard.current:
            return Content.styled(translate("Preflight: nothing is changed by looking"), "$text-quiet")
        tones = [f.tone for f in preflight(wizard)]
        bad, unknown = tones.count(Tone.FAIL), tones.count(Tone.UNKNOWN)
        if bad and unknown:
            message = translate("Preflight: {n} in the way, {unknown} unknown", n=bad, unknown=unknown)
        elif bad:
            message = translate("Preflight: {n} in the way", n=bad)
        elif unknown:
            message = translate("Preflight: nothing in the way, {n} unknown", n=unknown)
        else:
            message = translate("Preflight: nothing in the way")
        return Content.styled(message, "bold $error" if bad else "bold")

    def _draw_about(self) -> None:
        wizard = self.host.wizard
        about = self.query_one("#about", QuietStatic)
        rows = self.query_one("#findings", Rows)
        problem = wizard.sign_in_problem
        if problem is not None:
            lines = [plain(problem.cause)]
            if problem.code == Code.NO_CREDENTIALS and not self._can_log_in():
                lines.append(
                    plain(
                        translate(
                            "gcloud is not installed here; {button} takes a file that signs in.",
                            button=f"[ {translate('Another way')} ]",
                        )
                    )
                )
            for step in problem.remedy[:3]:
                lines.append(plain(step.text))
                lines += [plain(f"  {command}", "$primary") for command in step.lines]
            message = Content("\n").join(lines)
        elif rows.has_focus and rows.row is not None and rows.row.problem is not None:
            message = brief(rows.row.problem)
        elif wizard.causes:
            message = brief(wizard.causes[0])
        elif any(f.tone is Tone.FAIL and f.problem for f in preflight(wizard)):
            message = Content(translate("Up to a failed row, Enter: cause, remedy, and a text for whoever can help."))
        else:
            message = Content("")
        about.display = bool(message.plain)
        about.show(message)

    def _draw_buttons(self) -> None:
        wizard = self.host.wizard
        primary = self.query_one("#primary", Button)
        signed_out = wizard.sign_in_problem is not None
        ready = wizard.plan is not None and wizard.current and not signed_out
        off = wizard.pending(Step.PROJECT) if ready else ()
        bad = ready and any(f.tone is Tone.FAIL for f in preflight(wizard))
        if wizard.busy:
            primary.label = translate("Working" if wizard.writing else "Reading")
        elif can_mend(wizard.sign_in_problem):
            primary.label = translate("Sign in now" if self._can_log_in() else "Another way")
        elif signed_out or bad:
            primary.label = translate("Retry")
        elif ready:
            primary.label = translate("Continue")
        else:
            primary.label = translate("Look")
        primary.off = wizard.busy or (wizard.spec() is None and not signed_out)
        enable = self.query_one("#enable", Button)
        enable.display = bool(off)
        enable.label = translate_n("Turn on {n} API", "Turn on {n} APIs", len(off))
        enable.off = wizard.busy
        self.query_one("#gcloud").display = signed_out and self._gcloud() and not wizard.busy
        self.query_one("#otherwise").display = (
            can_mend(wizard.sign_in_problem) and self._can_log_in() and not wizard.busy
        )
        self.query_one("#continue").display = bool(bad) and not wizard.busy and not wizard.causes
        if self.has_no_focus:
            primary.focus()

    def _gcloud(self) -> bool:
        problem = self.host.wizard.sign_in_problem
        absent = problem is not None and problem.code == Code.NO_CREDENTIALS
        return absent and self.host.wizard.services.sign_in.gcloud_available()

    def _can_log_in(self) -> bool:
        return self.host.wizard.services.sign_in.can_log_in()

    def side(self) -> Content:
        """Return the side panel: what the step is for, and the command of its first change."""
        plan = self.host.wizard.plan
        return side_panel.lesson(
            self.step, side_panel.commands(plan, self.step) if plan else [], most=1, width=self.side_width
        )

    # -- actions ----------------------------------------------------------------------------------------------------

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.field.drafted(event.value)
        self.host.wizard.set(**{event.field.field_name: event.value})

    @on(Field.Left)
    def _left(self, event: Field.Left) -> None:
        self._look_if_changed()
        if event.entered and event.field.fault() is None:
            self.query_one("#primary").focus()

    @on(Choice.Selected)
    def _turned(self, event: Choice.Selected) -> None:
        self.host.wizard.set(direction=event.value)
        self._look_if_changed()

    def _look_if_changed(self) -> None:
        wizard = self.host.wizard
        wizard.save()
        if wizard.spec() is not None and not wizard.current and wizard.sign_in_problem is None:
            self.host.launch(wizard.look(), "look")

    @on(Button.Pressed, "#primary")
    def _primary(self) -> None:
        wizard = self.host.wizard
        bad = wizard.current and any(f.tone is Tone.FAIL for f in preflight(wizard))
        if can_mend(wizard.sign_in_problem) and self._can_log_in():
            self.host.launch(log_in(self.host), "sign in with gcloud")
        elif can_mend(wizard.sign_in_problem):
            self._otherwise()
        elif wizard.sign_in_problem is not None and wizard.spec() is None:
            self.host.launch(wizard.sign_in(), "sign in")
        elif wizard.sign_in_problem is not None or not wizard.current or bad:
            self.host.launch(wizard.look(), "look")
        else:
            self.host.navigation.goto(Step.DATASETS)

    @on(Button.Pressed, "#continue")
    def _continue(self) -> None:
        self.host.navigation.goto(Step.DATASETS)

    @on(Button.Pressed, "#otherwise")
    def _otherwise(self) -> None:
        from kbq_tui.tui.modals.sign_in import SignInOtherwise

        self.app.push_screen(SignInOtherwise(), self._chosen_otherwise)

    def _chosen_otherwise(self, login: Login | None) -> None:
        if login is not None:
            self.host.launch(sign_in_with(self.host, login), "sign in otherwise")

    @on(Button.Pressed, "#gcloud")
    def _use_gcloud(self) -> None:
        self.host.launch(self._with_gcloud(), "sign in with gcloud's login")

    async def _with_gcloud(self) -> None:
        if await self.host.wizard.sign_in(allow_gcloud=True) and self.host.wizard.spec() is not None:
            await self.host.wizard.look()

    @on(Button.Pressed, "#enable")
    def _enable(self) -> None:
        from kbq_tui.tui.modals.confirm import Confirm

        wizard = self.host.wizard
        part = wizard.part(Step.PROJECT)
        if part is None:
            return
        names = [render(a.summary) for a in part.changes]
        shown = side_panel.commands(part, Step.PROJECT)
        question = Confirm(
            translate("Turn on these APIs?"), [*names, "", *shown], yes=translate("Turn on"), no=translate("Not now")
        )
        self.app.push_screen(question, self._enabled)

    def _enabled(self, agreed: bool | None) -> None:
        if agreed:
            wizard = self.host.wizard
            self.host.launch(carried_out(self.host, lambda: wizard.apply(Step.PROJECT)), "turn on APIs")

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        if event.row.problem is not None:
            self.host.open_problem(event.row.problem, self._in_its_stead(event.row.problem))

    def _in_its_stead(self, problem: Problem) -> tuple[Action, ...]:
        """Return all actions that a missing permission blocks: two datasets are two actions."""
        plan, permission = self.host.wizard.plan, problem.detail("permission")
        if plan is None or not permission:
            return ()
        return tuple(b.action for b in plan.blocked if b.problem.detail("permission") == permission)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    def action_pick(self) -> None:
        """F7: pick a location if that field has the focus, else a project."""
        from kbq_tui.tui.modals.pick import PickLocation, PickProject

        if self.query_one("#field-location LineInput").has_focus:
            self.app.push_screen(PickLocation(), self._located)
        else:
            self.app.push_screen(PickProject(), self._picked)

    def _picked(self, project: str | None) -> None:
        if project:
            self.query_one("#field-project", Field).put(project)
            self.host.wizard.set(project=project)
            self._look_if_changed()
            self.query_one("#primary").focus()

    def _located(self, location: str | None) -> None:
        if location:
            self.query_one("#field-location", Field).put(location)
            self.host.wizard.set(location=location)
            self._look_if_changed()
