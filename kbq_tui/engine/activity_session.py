"""Klaviyo's syncs for the screens: what was found for one connection, and when it is read again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from kbq_tui.engine.services import AppServices, ConnectionDraft
from kbq_tui.engine.sync_activity import SyncActivity, sync_activity
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import InvalidValueError

WINDOW: Final = timedelta(days=14)
"""The period for which jobs are shown."""
FRESH: Final = timedelta(minutes=10)
"""For how long a result is shown before it is read again: a query of JOBS_BY_PROJECT is billed."""


class ActivitySession:
    """Klaviyo's activity for one connection.

    Args:
        services: everything a face needs; its `sign_in` is the operator of this connection.
        draft: the connection.
        changed: called whenever there is more to show.
    """

    def __init__(self, services: AppServices, draft: ConnectionDraft, changed: Callable[[], None]) -> None:
        self._services = services
        self._changed = changed
        self.draft = draft
        self.found: SyncActivity | None = None
        self.problem: Problem | None = None
        self.busy = False

    @property
    def due(self) -> bool:
        """Whether it should be read: never read yet, or too long ago. After a failure only on request."""
        if self.busy or self.problem is not None:
            return False
        return self.found is None or self._services.clock.now() - self.found.at > FRESH

    async def look(self) -> None:
        """Read Klaviyo's activity; an earlier result is kept until there is an answer."""
        if self.busy:
            return
        self.busy, self.problem = True, None
        self._changed()
        services, name = self._services, self.draft.name
        try:
            spec = self.draft.spec()
            cloud = await services.sign_in()
            try:
                self.found = await sync_activity(spec, services.ports(cloud, name), WINDOW)
            finally:
                await cloud.close()
        except ProblemError as error:
            self.problem = services.named(error.problem, name)
        except InvalidValueError as error:
            self.problem = Problem(None, error.reason, error.reason)
        finally:
            self.busy = False
            self._changed()
