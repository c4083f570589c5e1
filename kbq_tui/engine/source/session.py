"""The source check for the screens: what is known of one connection's tables while it runs, and afterwards."""

import asyncio
from bisect import insort
from collections.abc import Callable

from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import AppServices, ConnectionDraft
from kbq_tui.engine.source.runner import Checked, Wanted, check_source
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.source import Severity, SourceReport, TableReport
from kbq_tui.source.defaults import MOST

_ORDER = (Severity.FAIL, Severity.UNKNOWN, Severity.WARNING, None)
"""Tables are sorted with the worst first."""
_EVERY = 0.2
"""Seconds between two redraws of the list while it fills: key presses are handled in between."""


class SourceSession:
    """Tables of one connection.

    Args:
        services: everything a face needs; its `sign_in` is the operator of this connection.
        draft: the connection.
        changed: called whenever there is more to show.
    """

    def __init__(self, services: AppServices, draft: ConnectionDraft, changed: Callable[[], None]) -> None:
        self._services = services
        self._changed = changed
        self.draft = draft
        self.tables: dict[str, TableReport] = {}
        self.report: SourceReport | None = None
        self.problem: Problem | None = None
        self.since: float | None = None
        self._rows: list[TableReport] = []
        self._shown = 0.0

    @property
    def busy(self) -> bool:
        """Whether tables are being checked."""
        return self.since is not None

    def rows(self) -> list[TableReport]:
        """Return what is known of the tables so far, the worst first."""
        return self._rows

    async def check(self, *, every: bool = False) -> None:
        """Check the tables; earlier results are discarded.

        Args:
            every: check all of them, however many there are.
        """
        if self.busy:
            return
        self.tables, self.report, self.problem = {}, None, None
        self._rows, self._shown = [], 0.0
        self.since = self._services.clock.monotonic()
        self._changed()
        try:
            checked = await self._checked(every)
            self.report = checked.report
        except ProblemError as error:
            self.problem = self._services.named(error.problem, self.draft.name)
        finally:
            self.since = None
            self._changed()

    async def _checked(self, every: bool) -> Checked:
        services, spec = self._services, self.draft.spec()
        dataset = f"{spec.project}.{spec.klaviyo_dataset}"
        last = services.store.source_looks(spec.name)
        most = None if every else MOST
        wanted = Wanted(last=last.of(dataset), mapped=last.mapped(), most=most)
        cloud = await services.sign_in()
        try:
            checked = await check_source(spec, services.ports(cloud, spec.name), wanted, self._told)
        finally:
            await cloud.close()
        if checked.seen and ConnectionRecord(services.store, spec.name).holds(spec):
            services.store.save_source_looks(spec.name, last.after(dataset, checked.seen, checked.there))
        return checked

    def _told(self, table: TableReport) -> None:
        self.tables[table.name] = table
        insort(self._rows, table, key=_place)
        now = asyncio.get_running_loop().time()
        if now - self._shown >= _EVERY:  # reports in between are shown with the next redraw, or at the end
            self._shown = now
            self._changed()


def _place(table: TableReport) -> tuple[int, str]:
    """Return the sort key of a table in the list."""
    return _ORDER.index(table.verdict(None)), table.name
