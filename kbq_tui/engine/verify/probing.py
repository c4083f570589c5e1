"""Writing as proof: tables of a unique name, made where the account may write or must not, and always cleaned up."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.throttle import Throttle
from kbq_tui.engine.verify.checking import Checker, Held, refused
from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.observed import AccessEntry
from kbq_tui.model.problem import Kind, Problem, ProblemError, Retry
from kbq_tui.model.refs import ProjectRef, TableRef
from kbq_tui.model.spec import JOB_USER, RequiredDataset
from kbq_tui.planning.grants import EVERYBODY
from kbq_tui.shell import sql
from kbq_tui.shell.sql import PROBE_PREFIX

LABEL = ("created-by", "kbq-tui")
"""Their label."""

LEFT_OVER = timedelta(minutes=15)
"""The age from which a probe is one that a killed run left: a run's own lives for some calls, each a minute at most."""

_GRACE = 0.8
"""Seconds in which a probe is dropped when the operator leaves; what hangs longer is swept by the next run."""

MAX_TRIED = 2_000
"""How many tables and views of a dataset are read, and asked whether they can be changed; with more of them nothing is
proven."""

MAX_LISTED = 20_000
"""Among how many tables of a dataset probes are looked for that a killed run left."""

Path = tuple[str, str, str]
"""Project, dataset, table."""


def is_probe(table: TableInfo) -> bool:
    """Whether a table is one of ours, by name and label; the name goes into a DROP, so it must be a plain one."""
    plain = table.name.isascii() and table.name.isidentifier() and table.name.startswith(PROBE_PREFIX)
    return plain and (table.labels or {}).get(LABEL[0]) == LABEL[1]


def of_dataset(problem: Problem, dataset: str) -> bool:
    """Whether a refusal is about a dataset, and not about one that a view of it reads."""
    return problem.details.get("dataset", dataset) == dataset


class Prober(Checker):
    """A `Checker` that can write, and cleans up."""

    def probe(self, wish: RequiredDataset) -> Path:
        """Return a path that no table has."""
        return self.spec.project, wish.name, PROBE_PREFIX + secrets.token_hex(8)

    def cycle_text(self, wish: RequiredDataset) -> str:
        """Return what a write cycle runs, to be shown."""
        path = (self.spec.project, wish.name, f"{PROBE_PREFIX}…")
        return "; ".join(f(*path) for f in (sql.create_probe, sql.insert_probe, sql.count_rows, sql.drop_table))

    async def create(self, path: Path) -> None:
        """Create a probe. Where it is unclear whether one was made, it is dropped.

        Raises:
            ProblemError: why there is none.
        """
        try:
            await self.cloud.query(self.spec.project, sql.create_probe(*path), self.where(path[1]))
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
            await self.cloud.query(self.spec.project, sql.drop_table(*path), self.where(path[1]))
        except ProblemError as error:
            return error.problem
        return None

    async def _drop_at_once(self, path: Path) -> None:
        await asyncio.wait([asyncio.ensure_future(self.drop(path))], timeout=_GRACE)

    async def write_cycle(self, wish: RequiredDataset) -> tuple[Judged, Judged]:
        """Create, insert, select, drop a table of a unique name. Returns the verdict, and billing's.

        Raises:
            ProblemError: the table could not even be created.
        """
        path = self.probe(wish)
        inserted = Judged(Verdict.UNKNOWN, message("no INSERT was reached"))
        await self.create(path)
        try:
            judged, inserted = await self._write(path)
        except asyncio.CancelledError:
            await self._drop_at_once(path)
            raise
        left = await self.drop(path)
        if left is not None and judged.verdict is Verdict.PASS:
            why = judgements.judge_error(left, refused)
            text = message(
                "{table} could not be dropped, it expires by itself within the hour: {why}",
                table=path[2],
                why=why.evidence,
            )
            judged = Judged(why.verdict, text, left)
        return judged, inserted

    async def _write(self, path: Path) -> tuple[Judged, Judged]:
        project = self.spec.project
        try:
            await self.cloud.query(project, sql.insert_probe(*path), self.where(path[1]))
        except ProblemError as error:
            billing = judgements.judge_error(error.problem, lambda p: p.code == Code.BILLING_OFF)
            return judgements.judge_error(error.problem, refused), billing
        inserted = Judged(Verdict.PASS, message("the INSERT was accepted"))
        try:
            rows = (await self.cloud.query(project, sql.count_rows(*path), self.where(path[1]))).rows
        except ProblemError as error:
            return judgements.judge_error(error.problem, refused), inserted
        read = rows[0][0] if rows else message("nothing")
        if read != "1":
            return Judged(Verdict.FAIL, message("wrote 1 row, read {read}", read=read)), inserted
        return Judged(Verdict.PASS, message("created, wrote 1 row, read it, dropped")), inserted

    async def sweep(self, dataset: str, tables: Iterable[TableInfo]) -> None:
        """Drop probes that a killed run left: ours by prefix and label, and too old to be in use."""
        old = self.ports.clock.now() - LEFT_OVER
        left = [t for t in tables if is_probe(t) and t.created is not None and t.created < old]
        await asyncio.gather(*(self.drop((self.spec.project, dataset, t.name)) for t in left))

    async def must_not_write(self, wish: RequiredDataset, path: Path) -> Judged:
        """Try to create a table where it must not be possible. Should it work, drop it and fail.

        Raises:
            ProblemError: refused for another reason, such as running a query at all: what would come after is open.
        """
        try:
            await self.create(path)
        except ProblemError as error:
            if error.problem.code != Code.TABLE_WRITE_DENIED:
                raise
            why = error.problem.words
            return await self._tables_are_safe(wish, message("refused: {why}", why=why))
        dropped = await self.drop(path) is None
        found = await self.too_many(wish) or [Held(message("write access"), self.ref(wish), self.where(wish.name))]
        text = message(
            "a table could be created and dropped" if dropped else "a table could be created and could not be dropped"
        )
        return Judged(Verdict.FAIL, text, self.over_grant(found))

    async def _tables_are_safe(self, wish: RequiredDataset, refusal: Message) -> Judged:
        """Ask what the account may do with each table: a grant may be held on a table alone.

        Raises:
            ProblemError: it could not be asked, and no answer that came shows that something can be changed.
        """
        tables, sees = await self._tables_of(wish.name)
        tried, turns = tables[:MAX_TRIED], Throttle()

        async def writes(table: TableInfo) -> frozenset[str]:
            async with turns.turn():
                try:
                    held = await self._writes(wish.name, table, sees)
                except ProblemError as error:
                    turns.ended(error.problem)
                    raise
                turns.ended(None)
                return held

        answers = await asyncio.gather(*(writes(table) for table in tried), return_exceptions=True)
        outcome = zip(tried, answers, strict=True)
        if open_ := [t for t, held in outcome if held and not isinstance(held, BaseException)]:
            table = open_[0].name
            text = message(
                "the account can change: {names}; only a new table was refused",
                names=", ".join(t.name for t in open_[:5]),
            )
            found = await self.too_many(wish)
            if not found:
                roles = await self._roles_on(wish, table) or (message("write access"),)
                found = [
                    Held(role, TableRef(self.spec.project, wish.name, table), self.where(wish.name)) for role in roles
                ]
            return Judged(Verdict.FAIL, text, self.over_grant(found))
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        if not tables:
            return Judged(Verdict.PASS, refusal)
        none = message_n(
            "it cannot change the {n} table there is", "it can change none of the {n} tables there are", len(tried)
        )
        if len(tables) > len(tried):
            limit = message("{n} tables", n=len(tried))
            more = self.problem(Code.NOT_SEARCHED, resource=self.ref(wish), limit=limit)
            return Judged(Verdict.UNKNOWN, message("there are more than were tried: {text}", text=none), more)
        return Judged(Verdict.PASS, message("{none}; {refused}", none=none, refused=refusal))

    async def _tables_of(self, dataset: str) -> tuple[tuple[TableInfo, ...], bool]:
        """Return the tables, and whether the account sees them. Who may not list them may change them all the same:
        then the operator names them."""
        try:
            return await self.cloud.tables(self.spec.project, dataset, MAX_TRIED + 1), True
        except ProblemError as error:
            if not refused(error.problem):
                raise
        return await self.ports.cloud.tables(self.spec.project, dataset, MAX_TRIED + 1), False

    async def _writes(self, dataset: str, table: TableInfo, sees: bool) -> frozenset[str]:
        """Return what the account could do to a table; one that it sees must be in the answer."""
        asked = (judgements.TABLE_CONTROL, *judgements.TABLE_WRITES)
        try:
            held = await self.cloud.test_table_permissions(self.spec.project, dataset, table.name, asked)
        except ProblemError as error:
            if error.problem.code == Code.TABLE_NOT_FOUND:
                return frozenset()  # dropped meanwhile
            raise
        if sees and judgements.TABLE_CONTROL not in held:
            raise ProblemError(self.problem(Code.TABLE_READ_DENIED, dataset=dataset, table=table.name))
        return held & set(judgements.TABLE_WRITES)

    async def _roles_on(self, wish: RequiredDataset, table: str) -> tuple[str, ...]:
        """Return the roles beyond the wanted one that the account holds on a table itself, as far as can be seen."""
        for cloud in (self.cloud, self.ports.cloud):
            with contextlib.suppress(ProblemError, ValueError):
                where, member = self.where(wish.name), self.spec.member
                statement = sql.table_privileges(self.spec.project, where, wish.name, table, member)
                rows = (await cloud.query(self.spec.project, statement, where)).rows
                return judgements.roles_beyond(wish.role, (str(row[1]) for row in rows if len(row) > 1))
        return ()

    async def dry_reads(self, dataset: str, tables: Sequence[TableInfo]) -> list[Problem | None]:
        """Read tables as a dry run. Returns for each why that is not possible, or None."""
        turns = Throttle()

        async def one(table: TableInfo) -> Problem | None:
            try:
                async with turns.turn():
                    why = await self.dry_read(dataset, table, self.where(dataset))
            except ProblemError as error:
                return error.problem
            turns.ended(why)
            return why

        return await asyncio.gather(*(one(table) for table in tables))

    async def dry_read(self, dataset: str, table: TableInfo, location: str) -> Problem | None:
        """Read a table as a dry run. Returns why that is not possible, or None."""
        try:
            statement = sql.read_one(self.spec.project, dataset, table.name)
        except ValueError:
            return self.problem(Code.TABLE_NAME, dataset=dataset, table=table.name)
        try:
            await self.cloud.query(self.spec.project, statement, location, dry_run=True)
        except ProblemError as error:
            return error.problem
        return None

    async def too_many(self, wish: RequiredDataset) -> list[Held]:
        """Return what goes beyond what a dataset needs; as far as account and operator can see."""
        on, where, account = self.ref(wish), self.where(wish.name), self.spec.member
        entries = await self._entries(wish.name)
        found: list[Held] = []
        for who in (account, *sorted(EVERYBODY)):
            mine = [entry for entry in entries if entry.member == who]
            for role in judgements.roles_beyond(wish.role, (entry.role for entry in mine)):
                bound = all(entry.condition for entry in mine if entry.role == role)
                found.append(Held(role, on, where, "" if who == account else who, bound))
        return [*found, *(await self.project_roles())[0]]

    async def _entries(self, dataset: str) -> tuple[AccessEntry, ...]:
        """Return a dataset's access list, as the account sees it or else the operator; empty where neither does."""
        for cloud in (self.cloud, self.ports.cloud):
            with contextlib.suppress(ProblemError):
                info = await cloud.dataset(self.spec.project, dataset)
                if info is None or info.access is not None:
                    return () if info is None else info.access or ()
        return ()

    async def condition(self, wish: RequiredDataset) -> str | None:
        """Return the condition under which alone a dataset's role is granted, which OBJECT_PRIVILEGES does not tell;
        None for a grant without one, and where it cannot be seen."""
        entries = await self._entries(wish.name)
        held = [e for e in entries if (e.role, e.member) == (wish.role, self.spec.member)]
        return next((e.condition for e in held), None) if all(e.condition for e in held) else None

    async def project_roles(self) -> tuple[tuple[Held, ...], Problem | None]:
        """Return the account's roles on the project, and everybody's, Job User apart; or why the operator does not
        see them."""
        try:
            bindings = await self.ports.cloud.project_bindings(self.spec.project)
        except ProblemError as error:
            return (), error.problem
        project, account = ProjectRef(self.spec.project), self.spec.member
        found = {
            Held(b.role, project, member="" if member == account else member, bound=b.condition is not None)
            for b in bindings
            for member in b.members
            if b.role != JOB_USER and (member == account or member in EVERYBODY)
        }
        return tuple(sorted(found)), None

    async def job_user_condition(self) -> str | None:
        """Return the condition under which alone Job User is granted to the account; None for a grant without one,
        for none at all (it may come from a group, a folder or the organization), and where it cannot be seen."""
        with contextlib.suppress(ProblemError):
            bindings = await self.ports.cloud.project_bindings(self.spec.project)
            held = [b.condition for b in bindings if b.role == JOB_USER and self.spec.member in b.members]
            return next(iter(held), None) if all(held) else None
        return None

    def settled(self, judged: Judged) -> Judged:
        """A refusal that may be *not yet* is asked for again, within the patience there is.

        Raises:
            ProblemError: the failure, to be asked again.
        """
        if judged.problem is not None and judged.problem.retry is Retry.NOT_YET:
            return self.perhaps_not_yet(judged)
        return judged
