"""The base of the steps that change something: status, preview, one key to do it, progress, and the next step."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from kbq_tui.engine.setup import STEPS
from kbq_tui.i18n.messages import render, translate
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.operations import Action, Step
from kbq_tui.model.problem import Problem
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.changes import carried_out
from kbq_tui.tui.glyphs import GLYPHS, STYLES, Tone
from kbq_tui.tui.plan_table import PlanLine, plan_lines, plan_table, progress
from kbq_tui.tui.presenters import warning_rows
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.signing_in import can_mend
from kbq_tui.tui.step_help import STEP_HELP
from kbq_tui.tui.text import bar, brief
from kbq_tui.tui.widgets.button import Button
from kbq_tui.tui.widgets.field import Field
from kbq_tui.tui.widgets.rows import Row, Rows, row_hint
from kbq_tui.tui.widgets.static import QuietStatic

if TYPE_CHECKING:
    from kbq_tui.tui.modals.ask import Ask
    from kbq_tui.tui.modals.confirm import Confirm


TABLE_WIDTH = 76
"""The table's width in cells before the screen has been laid out."""


class PlanStepScreen(BaseScreen):
    """A step with a plan: what will be changed and what blocks it, and the button that does it.

    Enter on a row shows more about it. Subclasses give `step`, `fields`, and the button's label (`doing`).
    """

    step = Step.DATASETS
    warnings: tuple[str, ...] = ()

    def fill(self) -> ComposeResult:
        """Lay out the step's own fields, its table, and warnings."""
        yield from self.fields()
        yield QuietStatic(id="plan-head")
        yield Rows(id="plan")
        yield Rows(id="warnings")

    def foot(self) -> ComposeResult:
        """Lay out the text about the row under the cursor or the changes, and the buttons."""
        yield QuietStatic(id="about")
        with Horizontal(id="buttons"):
            yield Button(translate("Continue"), id="primary")
            yield Button(translate("Skip for now"), id="skip")
            yield from self.offers()
            yield Button(translate("Back"), id="back")

    def fields(self) -> ComposeResult:
        """Yield the input fields of this step."""
        yield from ()

    def offers(self) -> ComposeResult:
        """Yield the buttons for what a step can do, on request, besides its part of the plan."""
        yield from ()

    def on_mount(self) -> None:
        """Put the focus on the main button; read the state if that has not been done."""
        super().on_mount()
        self.focus_first("#primary")
        if not self.host.wizard.current:
            self.host.launch(self.host.wizard.look(), "look")

    def intro(self) -> str:
        """Return what the step does."""
        return translate(STEP_HELP[self.step].intro)

    def enter(self) -> str:
        """Return what Enter does: explain the row under the cursor, choose, or press the button."""
        return row_hint(self.focused) or super().enter()

    def heading(self) -> str:
        """Return the title, with the step's number."""
        title, at = translate(STEP_HELP[self.step].title), STEPS.index(self.step) + 1
        return translate("Step {n} of {all}: {title}", n=at, all=len(STEPS), title=title)

    # -- drawing ---------------------------------------------------------------------------------------------------

    def draw_body(self) -> None:
        """Draw the table, the warnings and the buttons."""
        wizard = self.host.wizard
        head, rows = plan_table(self.lines(), self.query_one("#plan").size.width or TABLE_WIDTH)
        self.query_one("#plan", Rows).show(rows)
        extra = warning_rows(wizard, *self.warnings)
        self.query_one("#warnings", Rows).show(extra)
        self.query_one("#warnings").display = bool(extra)
        heads = self.query_one("#plan-head", QuietStatic)
        heads.show(head)
        heads.display = bool(head)
        self._draw_buttons()
        self._about()

    def lines(self) -> list[PlanLine]:
        """Return the lines of the step's table."""
        return plan_lines(self.host.wizard, self.step)

    def state(self) -> Content:
        """Return the progress while changes are made, else how many there are to make."""
        wizard = self.host.wizard
        part = wizard.part(self.step)
        if part is None:
            if wizard.spec() is None:
                return Content.styled(translate("Something here cannot be right yet"), "$warning")
            if wizard.sign_in_problem is not None:
                signed_out = translate("Not signed in: {key} tries again", key=keyboard.face("refresh"))
                return Content.styled(signed_out, "$error")
            unknown = translate("not known yet, {key} looks", key=keyboard.face("refresh"))
            return Content.styled(translate("being read") if wizard.busy else unknown, "$text-quiet")
        if wizard.writing:
            return bar(*progress(wizard, self.step))
        todo, stuck = len(wizard.pending(self.step)), len(wizard.blocked(self.step))
        if not todo and not stuck:
            done = any(a.id in wizard.applied for a in part.actions)
            return Content.styled(
                f"{GLYPHS[Tone.OK]} {translate('done' if done else 'already in place')}", STYLES[Tone.OK]
            )
        parts = [Content(translate("{n} to do", n=todo))] if todo else []
        if stuck:
            parts.append(Content.styled(translate("{n} blocked", n=stuck), STYLES[Tone.BLOCKED]))
        return Content(", ").join(parts)

    def _draw_buttons(self) -> None:
        wizard = self.host.wizard
        primary = self.query_one("#primary", Button)
        label, able = self.primary_label()
        primary.label = label
        primary.off = not able
        skip = bool(wizard.blocked(self.step) or (wizard.failed and wizard.pending(self.step)))
        busy = wizard.writing
        self.query_one("#skip").display = skip and not busy and not wizard.stopped
        if self.has_no_focus:
            self.query_one("#plan" if busy and wizard.part(self.step) else "#primary").focus()

    def primary_label(self) -> tuple[str, bool]:
        """Return what Enter does now, and whether it can be pressed."""
        wizard = self.host.wizard
        if wizard.busy:
            return (translate("Working" if wizard.writing else "Reading"), False)
        if can_mend(wizard.sign_in_problem):
            return (translate("Sign in"), True)
        if wizard.part(self.step) is None:
            return (translate("Look"), wizard.spec() is not None)
        todo = len(wizard.pending(self.step))
        if todo:
            return (self.doing(todo, again=bool(wizard.failed)), True)
        if wizard.blocked(self.step):
            return (translate("Retry"), True)
        return (translate("Continue"), True)

    def doing(self, n: int, *, again: bool) -> str:
        """Return the label for making `n` changes; `again` after some have failed."""
        raise NotImplementedError

    def _about(self) -> None:
        """Draw the text about the row under the cursor, or about what blocks, or that the table has all changes."""
        wizard = self.host.wizard
        stuck = wizard.blocked(self.step)
        problem = wizard.sign_in_problem or (stuck[0].problem if stuck else next(iter(wizard.failed.values()), None))
        row = self.focused.row if isinstance(self.focused, Rows) else None
        if row is not None and row.problem is not None:
            problem = row.problem
        about = self.query_one("#about", QuietStatic)
        touched = wizard.pending(self.step) or wizard.writing
        untouched = Content.styled(translate("Nothing else is touched."), "$text-quiet") if touched else Content("")
        about.show(untouched if problem is None else brief(problem))

    def side(self) -> Content:
        """Return the side panel: what the step is for, and the command of the row under the cursor."""
        row = self.focused.row if isinstance(self.focused, Rows) else None
        if row is not None and row.action is not None:
            return side_panel.lesson(
                self.step, [self._command(row.action)], side_panel.ROW_BY_HAND, width=self.side_width
            )
        plan = self.host.wizard.plan
        return side_panel.lesson(
            self.step, side_panel.commands(plan, self.step) if plan else [], most=1, width=self.side_width
        )

    # -- actions ----------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#primary")
    def _primary(self) -> None:
        wizard = self.host.wizard
        if wizard.busy:
            return
        if can_mend(wizard.sign_in_problem):
            self.host.navigation.goto(Step.PROJECT)  # the screen with the ways to sign in
        elif wizard.part(self.step) is None:
            self.host.launch(wizard.look(), "look")
        elif wizard.pending(self.step):
            self.query_one("#plan").focus()
            self.host.launch(self._apply(), "apply")
        elif wizard.blocked(self.step):
            self.host.launch(wizard.look(), "look")
        else:
            self.next()

    async def _apply(self) -> None:
        if await self._left_to_terraform():
            return
        await carried_out(self.host, lambda: self.host.wizard.apply(self.step))
        if self.is_current:
            self.query_one("#primary").focus()

    async def _left_to_terraform(self) -> bool:
        """If Terraform created what is to be changed, offer the plan for it instead. Returns whether that was
        accepted."""
        plan, part = self.host.wizard.plan, self.host.wizard.part(self.step)
        changed = {getattr(action.resource, "dataset", "") for action in part.changes} if part is not None else set()
        owned = [w for w in plan.warnings if w.code == Code.TERRAFORM_OWNED] if plan is not None else []
        owned = [problem for problem in owned if problem.detail("dataset") in changed]
        if plan is None or not owned:
            return False
        from kbq_tui.export.terraform import to_terraform
        from kbq_tui.tui.modals.confirm import Confirm

        yes, no = translate("Change it all the same"), translate("Export for Terraform")
        asked, lines = render(owned[0].title), [render(problem.cause) for problem in owned]
        answer = await self.app.push_screen_wait(Confirm(asked, lines, yes=yes, no=no, harmless=False))
        if answer is False:
            self.host.exports.save_text("plan", {".tf": to_terraform(plan)})
        if self.is_current:
            self.query_one("#primary").focus()
        return not answer

    async def confirmed(
        self, question: "Confirm | Ask", work: Callable[[], Awaitable[Problem | None]], actions: tuple[Action, ...]
    ) -> bool:
        """Ask, do it, and show what went wrong. Returns whether the operator wants to try again.

        Args:
            question: shows exactly what is done.
            work: does it; returns the first failure.
            actions: what is done, for the text to a person with the permission.
        """
        from kbq_tui.tui.modals.problem import ProblemSheet

        again = False
        if await self.app.push_screen_wait(question):
            self.query_one("#plan").focus()
            problem = await work()
            if problem is not None:
                again = await self.app.push_screen_wait(ProblemSheet(problem, actions, retry=True))
        if self.is_current:
            self.query_one("#primary").focus()
        return bool(again)

    @on(Button.Pressed, "#skip")
    def next(self) -> None:
        """Go to the step after this one."""
        self.host.navigation.goto(STEPS[STEPS.index(self.step) + 1])

    @on(Button.Pressed, "#back")
    def _back(self) -> None:
        self.host.navigation.goto(STEPS[STEPS.index(self.step) - 1])

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.open_row(event.row)

    def open_row(self, row: Row) -> None:
        """Show everything about a row: its problem, or else its command."""
        if row.problem is not None:
            self.host.open_problem(row.problem, (row.action,) if row.action is not None else ())
        elif row.action is not None:
            from kbq_tui.tui.modals.details import StepCommands

            shown = [self._command(row.action)]
            self.app.push_screen(StepCommands(side_panel.lesson(self.step, shown, side_panel.ROW_BY_HAND), shown))

    def _command(self, action: Action) -> str:
        plan = self.host.wizard.plan
        return side_panel.command(action, plan.location if plan else None)

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw()

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        self.host.wizard.set(**{event.field.field_name: event.value})

    @on(Field.Left)
    def _left(self, event: Field.Left) -> None:
        wizard = self.host.wizard
        wizard.save()
        if wizard.spec() is not None and not wizard.current:
            self.host.launch(wizard.look(), "look")
        if event.entered:
            self.query_one("#primary").focus()
