"""The source check for the screens: what is known of one connection's tables while it runs, and afterwards."""

import asyncio
from bisect import insort
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from kbq_tui.engine.operator import other_operator
from kbq_tui.engine.record import ConnectionRecord
from kbq_tui.engine.services import AppServices, ConnectionDraft
from kbq_tui.engine.source.runner import Checked, Wanted, check_source
from kbq_tui.engine.source.views import ProposedView, make_view, propose_view
from kbq_tui.engine.source_looks import SourceLooks
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.source import Severity, SourceReport, TableReport, Use
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.source.across import across
from kbq_tui.source.defaults import MOST

_ORDER = (Severity.FAIL, Severity.UNKNOWN, Severity.WARNING, None)
"""Tables are sorted with the worst first."""
_EVERY = 0.2
"""Seconds between two redraws of the list while it fills: key presses are handled in between."""

_PAUSE = 0.002
"""Seconds that are left to the screen between two tables."""


class SourceSession:
    """The tables of one connection, and the check of them.

    Args:
        services: everything a face needs; its `sign_in` is the operator of this connection.
        draft: the connection.
        changed: called whenever there is more to show.

    Attributes:
        tables: what is known of each table so far, by name.
        report: the outcome; None while the first check is running.
        problem: what stopped the last check; None for nothing.
        since: when the running check began; None if none is running.
        making: a view is being created, so that leaving asks first.
    """

    def __init__(self, services: AppServices, draft: ConnectionDraft, changed: Callable[[], None]) -> None:
        self._services = services
        self._changed = changed
        self.draft = draft
        self.tables: dict[str, TableReport] = {}
        self.report: SourceReport | None = None
        self.problem: Problem | None = None
        self.since: float | None = None
        self.making = False
        self._rows: list[TableReport] = []
        self._shown = 0.0
        self._due: set[str] = set()
        self._unsaved = SourceLooks()
        """The choices for a connection that is not saved; they are lost with the session."""

    @property
    def busy(self) -> bool:
        """Whether tables are being checked."""
        return self.since is not None

    def rows(self) -> list[TableReport]:
        """Return what is known of the tables so far, the worst first."""
        return self._rows

    def named(self, problem: Problem) -> Problem:
        """Return a problem whose commands name this connection."""
        return self._services.named(problem, self.draft.name)

    # -- looking ---------------------------------------------------------------------------------------------------

    async def check(self, *, every: bool = False) -> None:
        """Check the tables; earlier results are discarded.

        Args:
            every: check all of them, however many there are.
        """
        if self.busy:
            return
        self.tables, self.report, self.problem = {}, None, None
        self._rows, self._shown = [], 0.0
        self._due.clear()
        await self._look(Wanted(most=None if every else MOST))

    async def check_again(self, name: str) -> None:
        """Check one table again, after those that are being checked."""
        self._due.add(name)
        if not self.busy:
            self.problem = None
            await self._look(None)

    async def _look(self, first: Wanted | None) -> None:
        """Check the tables that were requested, then those that are due."""
        self.since = self._services.clock.monotonic()
        self._changed()
        try:
            if first is not None:
                self.report = (await self._checked(first)).report
            while self._due:
                names, self._due = tuple(sorted(self._due)), set()
                self._merge((await self._checked(Wanted(tables=names))).report)
        except ProblemError as error:
            self.problem = self.named(error.problem)
        finally:
            self.since = None
            self._changed()

    async def _checked(self, wanted: Wanted) -> Checked:
        services, spec = self._services, self.draft.spec()
        dataset = f"{spec.project}.{spec.klaviyo_dataset}"
        last = self._looks(spec)
        wanted = replace(wanted, last=last.of(dataset), mapped=last.mapped())
        cloud = await services.sign_in()
        try:
            checked = await check_source(spec, services.ports(cloud, spec.name), wanted, self._told, pause=_PAUSE)
        finally:
            await cloud.close()
        if checked.seen and self._kept(spec):  # what was chosen meanwhile stays
            self._keep(spec, self._looks(spec).after(dataset, checked.seen, checked.there))
        return checked

    def _merge(self, report: SourceReport) -> None:
        """Add the results for some tables to the report on all of them."""
        if self.report is not None:
            tables = {t.name: t for t in (*self.report.tables, *report.tables)}
            merged = tuple(tables[name] for name in sorted(tables))
            left_out = tuple(name for name in self.report.left_out if name not in tables)
            self.report = SourceReport(merged, across(merged), left_out)

    def _told(self, table: TableReport) -> None:
        if table.name in self.tables:
            self._rows = [t for t in self._rows if t.name != table.name]
        self.tables[table.name] = table
        insort(self._rows, table, key=_place)
        now = asyncio.get_running_loop().time()
        if now - self._shown >= _EVERY:  # reports in between are shown with the next redraw, or at the end
            self._shown = now
            self._changed()

    # -- the mapping -----------------------------------------------------------------------------------------------

    def _kept(self, spec: ConnectionSpec) -> bool:
        return ConnectionRecord(self._services.store, spec.name).holds(spec)

    def _looks(self, spec: ConnectionSpec) -> SourceLooks:
        return self._services.store.source_looks(spec.name) if self._kept(spec) else self._unsaved

    def _keep(self, spec: ConnectionSpec, looks: SourceLooks) -> None:
        if self._kept(spec):
            self._services.store.save_source_looks(spec.name, looks)
        else:
            self._unsaved = looks

    def looks(self) -> SourceLooks:
        """Return the results of earlier checks, with the operator's choices of columns.

        Raises:
            ProblemError.
        """
        return self._looks(self.draft.spec())

    def choose(self, table: str, choices: Mapping[str, str | None]) -> None:
        """Choose what columns of a table are for, and save that with the connection.

        Args:
            table: its name.
            choices: columns by role, as `SourceLooks.choosing` takes them.

        Raises:
            ProblemError: it cannot be saved.
        """
        spec = self.draft.spec()
        self._keep(spec, self._looks(spec).choosing(table, choices))

    # -- a view ----------------------------------------------------------------------------------------------------

    async def propose(self, table: TableReport, name: str, use: Use) -> ProposedView:
        """Return a view of a table, tried as a dry run.

        Args:
            table: the check's report on the table.
            name: the view's name.
            use: what it is for.

        Raises:
            ProblemError: no view can be made of it, or BigQuery refuses its query.
        """
        spec = self.draft.spec()
        properties = self._looks(spec).properties(table.name)
        cloud = await self._services.sign_in()
        try:
            found = await cloud.dataset(spec.project, spec.klaviyo_dataset)
            location = found.location if found is not None else spec.location or ""
            return await propose_view(spec, cloud, location, table, name, use, properties)
        finally:
            await cloud.close()

    async def make(
        self,
        view: ProposedView,
        agreed: Callable[[Problem], Awaitable[bool]],
        lock: AbstractContextManager[object] | None = None,
    ) -> bool:
        """Create a view with the operator's login.

        Args:
            view: the view.
            agreed: asks whether to continue with another login than the connection's operator.
            lock: the connection's lock, if nobody holds it yet.

        Returns:
            Whether it was created; False if the operator did not agree.

        Raises:
            ProblemError: the lock is held, the view exists already, or it may not be created.
        """
        services, spec = self._services, self.draft.spec()
        record = ConnectionRecord(services.store, spec.name)
        kept, operator = record.holds(spec), record.state.operator
        with lock if kept and lock is not None else nullcontext():
            cloud = await services.sign_in()
            try:
                other = other_operator(operator, spec.name, await cloud.identity()) if operator else None
                if other is not None and not await agreed(other):
                    return False
                self.making = True
                self._changed()
                await make_view(spec, services.ports(cloud, spec.name), view, journaled=kept)
            finally:
                self.making = False
                await cloud.close()
                self._changed()
        return True


def _place(table: TableReport) -> tuple[int, str]:
    """Return the sort key of a table in the list."""
    return _ORDER.index(table.verdict(None)), table.name
