"""The source check: what Klaviyo will see in the import dataset, read with the key that Klaviyo uses."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.observe import stored_key
from kbq_tui.engine.ports import Cloud, Ports, TableInfo
from kbq_tui.engine.source.listing import Listing, listing_of, twins
from kbq_tui.engine.source.reading import counted
from kbq_tui.engine.source.refusals import explained
from kbq_tui.engine.throttle import Throttle
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Context, Problem, ProblemError
from kbq_tui.model.source import Role, Seen, SourceReport, TableFacts, TableReport
from kbq_tui.model.spec import ConnectionSpec
from kbq_tui.planning.diff import context_of
from kbq_tui.source.across import across
from kbq_tui.source.bad_rows_sql import NOT_READ, RefusedRow, bad_rows_query, rows_in
from kbq_tui.source.columns import proposed
from kbq_tui.source.defaults import MAX_BYTES, MOST
from kbq_tui.source.rules import report_of
from kbq_tui.source.rules_table import all_newer

AT_ONCE: Final = 16
"""The number of tables that are read at a time: Google allows a principal 100 calls a second, and 100 queries at once.

Source: https://cloud.google.com/bigquery/quotas
"""
AHEAD: Final = 8
"""The number of tables beyond these that are prepared or judged meanwhile, so that no call has to wait for that."""
Mapped = Mapping[str, Mapping[Role, str]]
"""For each table, the operator's choice of a column for each role."""
Told = Callable[[TableReport], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to check.

    Attributes:
        tables: names; empty for all.
        most: the most tables, if none are named.
        max_bytes: the most bytes that counting one table may read.
        last: the result of the last check for each table.
        mapped: the operator's choice of columns.
        bad_rows: the most rows that break rules to fetch from each table.
        dry: report what counting would read, and count nothing.
    """

    tables: tuple[str, ...] = ()
    most: int | None = MOST
    max_bytes: int = MAX_BYTES
    last: Mapping[str, Seen] = field(default_factory=dict)
    mapped: Mapped = field(default_factory=dict)
    bad_rows: int = 0
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a source check.

    Attributes:
        report: the findings about the tables.
        seen: the values of each table, to be compared with the next check.
        there: the names of all tables of the dataset.
        bad_rows: rows that break rules, as far as they were asked for.
    """

    report: SourceReport
    seen: Mapping[str, Seen]
    there: frozenset[str]
    bad_rows: tuple[RefusedRow, ...] = ()


async def account_cloud(spec: ConnectionSpec, ports: Ports) -> Cloud:
    """Return Google as the service account sees it, signed in with the key as it is stored here.

    Raises:
        ProblemError: there is no key, or it does not sign in.
    """
    cloud = ports.impersonate(await stored_key(spec, ports))
    try:
        await cloud.authenticate()
    except BaseException:
        await cloud.close()
        raise
    return cloud


async def check_source(
    spec: ConnectionSpec, ports: Ports, wanted: Wanted, told: Told | None = None, *, pause: float = 0.0
) -> Checked:
    """Check tables and views of the import dataset.

    Args:
        spec: the connection.
        ports: the outside world; the operator's cloud gives the numbers of stored rows, to find rows that row policies
            hide.
        wanted: what to check, and how.
        told: called with the report of each table as it comes.
        pause: seconds between two tables' processing, for what else runs on the event loop, such as a screen.

    Raises:
        ProblemError: the key does not sign in, or the tables cannot be listed.
    """
    cloud = await account_cloud(spec, ports)
    try:
        return await _Check(spec, ports, wanted, told or (lambda _: None), cloud, pause).all()
    finally:
        await cloud.close()


class _Check:
    """One run.

    Args:
        spec, ports, wanted, told, pause: as in `check_source`.
        cloud: Google as the service account sees it.
    """

    def __init__(
        self, spec: ConnectionSpec, ports: Ports, wanted: Wanted, told: Told, cloud: Cloud, pause: float
    ) -> None:
        self.spec = spec
        self.ports = ports
        self.wanted = wanted
        self.told = told
        self.pause = pause
        self.cloud = cloud
        self.context = self._context(None)
        self.location = ""
        self._judging = asyncio.Lock()
        self.reports: list[TableReport] = []
        self.seen: dict[str, Seen] = {}
        self.bad_rows: list[RefusedRow] = []

    async def all(self) -> Checked:
        """Check everything that is wanted."""
        spec, dataset = self.spec, self.spec.klaviyo_dataset
        tables = asyncio.create_task(listing_of(self.cloud, self.ports.cloud, spec.project, dataset))
        try:
            found = await self.cloud.dataset(spec.project, dataset)
            if found is None:
                raise ProblemError(self._problem(Code.DATASET_NOT_VISIBLE, dataset=dataset))
            self.location = found.location
            self.context = self._context(found.location)
            listing = await tables
        finally:
            if not tables.done():
                tables.cancel()
            with suppress(ProblemError, asyncio.CancelledError):
                await tables  # whose problem is less than the dataset's
        chosen, left_out = self._chosen(listing)
        twin = twins([t.name for t in listing.tables])
        work = iter(chosen)
        throttle = Throttle(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE + AHEAD, len(chosen))):
                group.create_task(self._worker(work, listing, twin, throttle))
        reports = tuple(sorted(self.reports, key=lambda r: r.name))
        there = frozenset(t.name for t in listing.tables)
        return Checked(SourceReport(reports, across(reports), left_out), self.seen, there, tuple(self.bad_rows))

    def _context(self, location: str | None) -> Context:
        """Return what is known of the connection, with the dataset's location once it was read."""
        dataset = self.spec.klaviyo_dataset
        return replace(context_of(self.spec, location), acting_as="service-account", dataset=dataset)

    def _problem(self, code: Code, **details: str) -> Problem:
        return catalogue.problem(code, self.context, **details)

    def _chosen(self, listing: Listing) -> tuple[Sequence[TableInfo], tuple[str, ...]]:
        """Return the tables to check, and the names of those left out.

        Raises:
            ProblemError: a named table does not exist.
        """
        if not self.wanted.tables:
            kept = listing.tables[: self.wanted.most]
            return kept, tuple(t.name for t in listing.tables[len(kept) :])
        by_name = {t.name: t for t in listing.tables}
        for name in self.wanted.tables:
            if name not in by_name:
                raise ProblemError(self._problem(Code.TABLE_NOT_FOUND, dataset=self.spec.klaviyo_dataset, table=name))
        return [by_name[name] for name in dict.fromkeys(self.wanted.tables)], ()

    async def _worker(
        self, work: Iterator[TableInfo], listing: Listing, twin: Mapping[str, str], throttle: Throttle
    ) -> None:
        limit = None if self.wanted.dry else self.wanted.max_bytes
        for table in work:
            await self._turn()
            facts = self._facts(table, listing, twin)
            try:
                async with throttle.turn():
                    facts = await counted(facts, self.cloud, self.location, limit, self.context)
                    await self._find_rows(facts, self.location)
                    facts = await explained(facts, self.ports.cloud, self.location, self.context)
            except ProblemError as error:  # the calls before it got no answer: no more of them
                facts = replace(facts, problem=error.problem)
            throttle.ended(facts.problem)
            if facts.problem is not None:
                facts = replace(facts, problem=self.ports.named(facts.problem))
            await self._turn()
            self._keep(facts)

    async def _turn(self) -> None:
        """Wait until no other table is being processed: in between, key presses are handled and the screen is drawn.

        A table takes a millisecond or two of CPU time, and 16 of them in a row would delay the keyboard noticeably. So
        would one in each round of the event loop, because a key takes a dozen of them until it is drawn.
        """
        async with self._judging:
            await asyncio.sleep(self.pause)

    def _facts(self, table: TableInfo, listing: Listing, twin: Mapping[str, str]) -> TableFacts:
        columns, partition = listing.columns(table.name)
        return TableFacts(
            (self.spec.project, self.spec.klaviyo_dataset, table.name),
            table.kind,
            columns,
            proposed(columns, self.wanted.mapped.get(table.name)),
            problem=listing.columns_problem,
            last=self.wanted.last.get(table.name),
            twin=twin.get(table.name, ""),
            definition=listing.definitions.get(table.name, ""),
            stored=listing.stored.get(table.name) if table.kind == "TABLE" else None,
            expires=table.expires,
            partition=partition,
        )

    async def _find_rows(self, facts: TableFacts, location: str) -> None:
        """Fetch rows that break rules, if asked for."""
        if not self.wanted.bad_rows or facts.content is None or facts.content.part is not None:
            return
        statement, most = bad_rows_query(facts, self.wanted.bad_rows), self.wanted.bad_rows
        if statement:
            limit = self.wanted.max_bytes
            try:
                found = await self.cloud.query(self.spec.project, statement, location, max_rows=most, max_bytes=limit)
            except ProblemError:
                self.bad_rows.append(RefusedRow(facts.name, "", (NOT_READ,)))
            else:
                self.bad_rows += rows_in(facts.name, found.rows)

    def _keep(self, facts: TableFacts) -> None:
        report = report_of(facts)
        self.reports.append(report)
        if facts.content is not None and facts.content.part is None:
            self.seen[facts.name] = Seen(
                self.ports.clock.now(),
                facts.content.rows,
                {c.name: c.type for c in facts.columns},
                report.newest,
                all_newer(facts),
            )
        self.told(report)
