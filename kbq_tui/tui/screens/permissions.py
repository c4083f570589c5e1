"""Step 4: the roles that the account holds, and those that it needs."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from kbq_tui.i18n.messages import render, translate, translate_n
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.operations import ActionKind
from kbq_tui.model.plan import Plan
from kbq_tui.model.problem import Problem
from kbq_tui.model.steps import Step
from kbq_tui.tui import keyboard, side_panel
from kbq_tui.tui.changes import carried_out
from kbq_tui.tui.plan_table import PlanLine, over_lines
from kbq_tui.tui.presenters import excess
from kbq_tui.tui.screens.plan_step import PlanStepScreen
from kbq_tui.tui.widgets.button import Button


class PermissionsScreen(PlanStepScreen):
    """Step 4: the roles that the account holds, those that it needs, and those that are too much.

    Keys: F7 removes what is too much, after a question.
    """

    BINDINGS = keyboard.bindings("permissions")
    scopes: ClassVar = ("permissions",)
    step = Step.PERMISSIONS
    warnings = (Code.SHARED_NEEDS, Code.CONDITIONAL_GRANT, Code.TERRAFORM_OWNED)
    help_name = "permissions"

    def offers(self) -> ComposeResult:
        """Lay out the button that removes roles the account does not need."""
        yield Button(translate("Remove over-grants"), id="remove", danger=True)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys; F7 (remove) only if there is something to remove."""
        found = super().hints()
        return found if excess(self.host.wizard) else [h for h in found if h[0] != keyboard.face("remove")]

    def draw_body(self) -> None:
        """Draw the table of roles: which are held, needed, missing or too much."""
        wizard = self.host.wizard
        self.query_one("#remove").display = not wizard.busy and bool(excess(wizard))
        super().draw_body()

    def lines(self) -> list[PlanLine]:
        """Return the roles that are needed, and below them what is too much."""
        return [*super().lines(), *over_lines(self.host.wizard)]

    def doing(self, n: int, *, again: bool) -> str:
        """Return the label of the main button: grant `n` roles, or make `n` changes."""
        part = self.host.wizard.part(self.step)
        if part is not None and any(a.key.kind is ActionKind.REVOKE for a in part.changes):
            if again:
                return translate_n("Retry: Make {n} change", "Retry: Make {n} changes", n)
            return translate_n("Make {n} change", "Make {n} changes", n)
        if again:
            return translate_n("Retry: Grant {n} role", "Retry: Grant {n} roles", n)
        return translate_n("Grant {n} role", "Grant {n} roles", n)

    # -- actions ----------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#remove")
    def action_remove(self) -> None:
        """F7 and the button: remove roles that the account does not need, after a question."""
        if not self.host.wizard.busy:
            self.host.launch(self._remove(), "remove over-grants")

    async def _remove(self) -> None:
        """Look for them, show what will be removed, ask, and remove it; what cannot be done is explained, with the text
        to send."""
        from kbq_tui.tui.modals.destroying import destroying

        wizard = self.host.wizard
        again = True
        while again and (plan := await wizard.seek_removal()) is not None and self.is_current:
            part = plan.step(self.step)
            if not any(a.is_removal for a in part.changes):
                blocked = next(b for b in part.blocked if b.action.is_removal)
                self.host.open_problem(blocked.problem, (blocked.action,))
                return
            elsewhere = wizard.observed.elsewhere if wizard.observed is not None else None
            unseen = elsewhere.unseen if elsewhere is not None else ()
            lines = [
                *(render(a.summary) for a in part.changes),
                "",
                translate("Nobody else's access is touched. Whatever else uses this account loses what is taken away."),
                *(render(w.cause) for w in plan.warnings if w.code in (Code.OVER_GRANT, Code.TERRAFORM_OWNED)),
                *(translate("Not everything could be looked at: {why}", why=p.title) for p in unseen),
                "",
                *(side_panel.command(a, plan.location) for a in part.changes),
            ]
            question = destroying(
                translate("Take away what the account does not need?"),
                lines,
                yes=translate("Take it away"),
                name=plan.connection,
                production=wizard.production,
            )
            again = await self.confirmed(question, partial(self._take_away, plan), part.changes)

    async def _take_away(self, plan: Plan) -> Problem | None:
        return await carried_out(self.host, lambda: self.host.wizard.apply(self.step, plan))
