"""Running the screens until the operator leaves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kbq_tui.engine.services import AppServices
from kbq_tui.engine.threads import stay_responsive
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.tui.app import Start, build
from kbq_tui.tui.display_options import DisplayOptions

if TYPE_CHECKING:
    from kbq_tui.model.summary import Summary


@dataclass(frozen=True, slots=True)
class Ended:
    """How the face ended.

    Attributes:
        status: exit status; 128 + n after signal n.
        summary: the values for Klaviyo as far as they are known, to print after the screen is gone; or None.
    """

    status: int
    summary: Summary | None


def run(services: AppServices, look: DisplayOptions, *, start: Start = "setup") -> Ended:
    """Run the app until the operator leaves.

    Args:
        services: everything a face needs.
        look: how the screen should look here.
        start: the guided set-up, or the dashboard.

    Returns:
        The exit status, and the values for Klaviyo. If Textual gives no status, it has failed, and so has this.

    Raises:
        ProblemError: another process is setting up the same connection.
    """
    app = build(services, look, start=start)
    with app.held:
        if start == "setup":
            app.held.enter_context(services.guard(services.draft.name))
        stay_responsive()
        try:
            app.run(mouse=look.mouse)
        except asyncio.CancelledError:  # SIGINT in the first moments, before our own handler was installed
            return Ended(130, app.summary)
    return Ended(1 if app.return_code is None else app.return_code, app.summary)
