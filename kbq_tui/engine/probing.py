"""Writing as proof: tables of a unique name, made where the account may write or must not, and always cleaned up."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import timedelta

from kbq_tui.core import checks
from kbq_tui.core import statements as sql
from kbq_tui.core.checks import Judged, Verdict
from kbq_tui.core.grants import on_dataset, on_project
from kbq_tui.core.problems import Kind, Problem, ProblemError, Retry
from kbq_tui.core.spec import JOB_USER, DatasetWish
from kbq_tui.core.statements import PROBE_PREFIX
from kbq_tui.core.words import said
from kbq_tui.engine.checking import Checker, refused
from kbq_tui.engine.ports import TableInfo

LABEL = ("created-by", "kbq-tui")
"""Their label."""

LEFT_OVER = timedelta(minutes=15)
"""The age from which a probe is one that a killed run left: a run's own lives for some calls, each a minute at most."""

_GRACE = 0.8
"""Seconds in which a probe is dropped when the operator leaves; what hangs longer is swept by the next run."""

Path = tuple[str, str, str]
"""Project, dataset, table."""


def is_probe(table: TableInfo) -> bool:
    """Whether a table is one of ours, by name and label; the name goes into a DROP, so it must be a plain one."""
    plain = table.name.isascii() and table.name.isidentifier() and table.name.startswith(PROBE_PREFIX)
    return plain and (table.labels or {}).get(LABEL[0]) == LABEL[1]


class Prober(Checker):
    """A `Checker` that can write, and cleans up."""

    def probe(self, wish: DatasetWish) -> Path:
        """Return a path that no table has."""
        return self.spec.project, wish.name, PROBE_PREFIX + secrets.token_hex(8)

    def cycle_text(self, wish: DatasetWish) -> str:
        """Return what a write cycle runs, to be shown."""
        path = (self.spec.project, wish.name, f"{PROBE_PREFIX}…")
        return "; ".join(f(*path) for f in (sql.create_probe, sql.insert_probe, sql.count_rows, sql.drop_table))

    async def create(self, path: Path) -> None:
        """Create a probe. Where it is unclear whether one was made, it is dropped.

        Raises:
            ProblemError: why there is none.
        """
        try:
            await self.cloud.query(self.spec.project, sql.create_probe(*path), self.location)
        except ProblemError as error:
            if error.problem.kind not in (Kind.NOT_PERMITTED, Kind.NOT_FOUND):
                await self.drop(path)
            raise
        except asyncio.CancelledError:
            await self._drop_at_once(path)
            raise

    async def drop(self, path: Path) -> Problem | None:
        """Drop a probe; None where it is gone, else why it may not be."""
        try:
            await self.cloud.query(self.spec.project, sql.drop_table(*path), self.location)
        except ProblemError as error:
            return error.problem
        return None

    async def _drop_at_once(self, path: Path) -> None:
        await asyncio.wait([asyncio.ensure_future(self.drop(path))], timeout=_GRACE)

    async def write_cycle(self, wish: DatasetWish) -> tuple[Judged, Judged]:
        """Create, insert, select, drop a table of a unique name. Returns the verdict, and billing's.

        Raises:
            ProblemError: the table could not even be created.
        """
        path = self.probe(wish)
        inserted = Judged(Verdict.UNKNOWN, said("no INSERT was reached"))
        await self.create(path)
        try:
            judged, inserted = await self._write(path)
        except asyncio.CancelledError:
            await self._drop_at_once(path)
            raise
        left = await self.drop(path)
        if left is not None and judged.verdict is Verdict.PASS:
            why = checks.judge_error(left, refused)
            text = said(
                "{table} could not be dropped, it expires by itself within the hour: {why}",
                table=path[2],
                why=why.evidence,
            )
            judged = Judged(why.verdict, text, left)
        return judged, inserted

    async def _write(self, path: Path) -> tuple[Judged, Judged]:
        project = self.spec.project
        try:
            await self.cloud.query(project, sql.insert_probe(*path), self.location)
        except ProblemError as error:
            billing = checks.judge_error(error.problem, lambda p: p.code == "KBQ-BILLING-OFF")
            return checks.judge_error(error.problem, refused), billing
        inserted = Judged(Verdict.PASS, said("the INSERT was accepted"))
        try:
            rows = (await self.cloud.query(project, sql.count_rows(*path), self.location)).rows
        except ProblemError as error:
            return checks.judge_error(error.problem, refused), inserted
        read = rows[0][0] if rows else said("nothing")
        if read != "1":
            return Judged(Verdict.FAIL, said("wrote 1 row, read {read}", read=read)), inserted
        return Judged(Verdict.PASS, said("created, wrote 1 row, read it, dropped")), inserted

    async def sweep(self, dataset: str, tables: Iterable[TableInfo]) -> None:
        """Drop probes that a killed run left: ours by prefix and label, and too old to be in use."""
        old = self.ports.clock.now() - LEFT_OVER
        left = [t for t in tables if is_probe(t) and t.created is not None and t.created < old]
        await asyncio.gather(*(self.drop((self.spec.project, dataset, t.name)) for t in left))

    async def must_not_write(self, wish: DatasetWish, path: Path) -> Judged:
        """Try to create a table where it must not be possible. Should it work, drop it and fail.

        Raises:
            ProblemError: refused for another reason, such as running a query at all: what would come after is open.
        """
        try:
            await self.create(path)
        except ProblemError as error:
            if error.problem.code != "KBQ-TABLE-WRITE-DENIED":
                raise
            why = error.problem.original or error.problem.title
            return Judged(Verdict.PASS, said("refused: {why}", why=why))
        dropped = await self.drop(path) is None
        found = await self.too_many(wish) or [(said("write access"), on_dataset(wish.name))]
        text = said(
            "a table could be created and dropped" if dropped else "a table could be created and could not be dropped"
        )
        return Judged(Verdict.FAIL, text, self.over_grant(found))

    async def too_many(self, wish: DatasetWish) -> list[tuple[str, str]]:
        """Return roles, and on what, that go beyond what a dataset needs; as far as account and operator can see."""
        _, roles, _ = await self.own_roles(wish.name)
        found: list[tuple[str, str]] = [(role, on_dataset(wish.name)) for role in checks.roles_beyond(wish.role, roles)]
        roles, _ = await self.project_roles()
        return found + [(role, on_project(self.spec.project)) for role in roles]

    async def own_roles(self, dataset: str) -> tuple[str, tuple[str, ...], Problem | None]:
        """Return a dataset's location and the account's own entries there, or why it does not see them."""
        try:
            info = await self.cloud.dataset(self.spec.project, dataset)
        except ProblemError as error:
            return "", (), error.problem
        if info is None:
            return "", (), None
        return info.location, tuple(sorted({e.role for e in info.access if e.member == self.spec.member})), None

    async def project_roles(self) -> tuple[tuple[str, ...], Problem | None]:
        """Return the account's roles on the project, Job User apart, or why the operator does not see them."""
        try:
            bindings = await self.ports.cloud.project_bindings(self.spec.project)
        except ProblemError as error:
            return (), error.problem
        return tuple(sorted({b.role for b in bindings if self.spec.member in b.members} - {JOB_USER})), None

    def settled(self, judged: Judged) -> Judged:
        """A refusal that may be *not yet* is asked for again, within the patience there is.

        Raises:
            ProblemError: the failure, to be asked again.
        """
        if judged.problem is not None and judged.problem.retry is Retry.NOT_YET:
            return self.perhaps_not_yet(judged)
        return judged
