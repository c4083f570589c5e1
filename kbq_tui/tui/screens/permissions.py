"""Step 4: the grants now and wanted, side by side."""

from textual.app import ComposeResult

from kbq_tui.core.steps import Step
from kbq_tui.core.words import told_many
from kbq_tui.tui.changing import Changing
from kbq_tui.tui.views import grant_head, grant_rows
from kbq_tui.tui.widgets.bars import Quiet
from kbq_tui.tui.widgets.rows import Rows


class PermissionsScreen(Changing):
    """What the account holds, what it needs, what is too much."""

    step = Step.PERMISSIONS
    warnings = ("KBQ-OVER-GRANT",)
    help_name = "permissions"

    def fields(self) -> ComposeResult:
        yield Quiet(id="grants-head")
        yield Rows(id="grants")

    def draw_body(self) -> None:
        super().draw_body()
        width = self.query_one("#grants").size.width or 76
        rows = grant_rows(self.host.wizard, width)
        self.query_one("#grants", Rows).show(rows)
        head = self.query_one("#grants-head", Quiet)
        head.show(grant_head(width))
        head.display = bool(rows)

    def doing(self, n: int, *, again: bool) -> str:
        part = self.host.wizard.part(self.step)
        if part is not None and any(a.id.startswith("revoke:") for a in part.changes):
            if again:
                return told_many("Retry: Make {n} change", "Retry: Make {n} changes", n)
            return told_many("Make {n} change", "Make {n} changes", n)
        if again:
            return told_many("Retry: Grant {n} role", "Retry: Grant {n} roles", n)
        return told_many("Grant {n} role", "Grant {n} roles", n)
