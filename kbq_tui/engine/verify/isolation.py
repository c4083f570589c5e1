"""Whether the account cannot read datasets that are not Klaviyo's."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.throttle import Throttle, reached
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.held_roles import Held, over_grant, project_roles, roles_on_dataset
from kbq_tui.engine.verify.reading import dry_read
from kbq_tui.engine.verify.refusals import of_dataset, reading_refused, refused
from kbq_tui.i18n.messages import joined, message, message_n
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.refs import DatasetRef, ProjectRef, TableRef
from kbq_tui.planning.diff import context_of
from kbq_tui.planning.grants import EVERYBODY

MAX_OTHER_DATASETS = 500
"""The most datasets that are searched; with more of them nothing is proven."""

MAX_OTHER_TABLES = 2_000
"""The most of their tables and views that are tried, in all datasets together; with more of them nothing is proven."""

_NAMED = 5
"""The most places of one kind that are named."""


@dataclass(frozen=True, slots=True)
class _Other:
    """What the account can do in a dataset that is not Klaviyo's.

    Attributes:
        reads: what in it can be read: the dataset, or single tables of it.
        grants: by which roles, and on what, as far as can be seen.
        problem: why this is incomplete.
    """

    reads: tuple[str, ...] = ()
    grants: tuple[Held, ...] = ()
    problem: Problem | None = None


class _Search:
    """One search through the project, and its progress."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._turns = Throttle()
        self._room, self._tried, self._more = MAX_OTHER_TABLES, 0, False

    async def judge(self) -> Judged:
        """Return the verdict.

        Raises:
            ProblemError: the account's own permissions, or its datasets, could not be read.
        """
        held = await self._context.cloud.test_permissions(self._context.spec.project, (judgements.READ_PERMISSION,))
        if held:
            roles, _ = await project_roles(self._context)
            project = ProjectRef(self._context.spec.project)
            excess = over_grant(self._context, roles or (Held(message("read access"), project),))
            text = message("{permission} is held on the whole project", permission=judgements.READ_PERMISSION)
            return Judged(Verdict.FAIL, text, excess)
        own = await self._context.cloud.dataset_names(self._context.spec.project)
        listed, unlisted = await self._listed_for_operator()
        ours = {w.name for w in self._context.spec.datasets()}
        # The account's own list comes first: what it sees it can probably read.
        where: dict[str, str] = {}
        for name, location in (*own, *listed):
            if name not in ours:
                where[name] = where.get(name) or location
        tried = list(where)[:MAX_OTHER_DATASETS]
        others = await asyncio.gather(*(self._still_there(name, where[name]) for name in tried))
        if reads := [name for o in others for name in o.reads]:
            grants = [grant for o in others for grant in o.grants[:_NAMED]]
            text = message("the account has access to: {names}", names=", ".join(reads[:_NAMED]))
            return Judged(Verdict.FAIL, text, over_grant(self._context, grants[:_NAMED]))
        for name, other in zip(tried, others, strict=True):
            if other.problem is not None:
                text = joined(": ", name, other.problem.words)
                return Judged(Verdict.UNKNOWN, text, other.problem)
        text = message_n(
            "{n} table of other datasets was tried, and cannot be read",
            "{n} tables of other datasets were tried, and none can be read",
            self._tried,
        )
        if unlisted is not None:
            why = message("there may be datasets that you do not see: {text}", text=text)
            return Judged(Verdict.UNKNOWN, why, unlisted)
        if self._more or len(where) > len(tried):
            limit = reached(self._tried, len(tried))
            more = self._context.problem(
                Code.NOT_SEARCHED, resource=ProjectRef(self._context.spec.project), limit=limit
            )
            return Judged(Verdict.UNKNOWN, message("there are more than were tried: {text}", text=text), more)
        return Judged(Verdict.PASS, text if self._tried else message("there is no table in another dataset"))

    async def _listed_for_operator(self) -> tuple[Sequence[tuple[str, str]], Problem | None]:
        """Return every dataset that the operator sees, and why these may not be all.

        Source: https://cloud.google.com/bigquery/docs/listing-datasets (with the permission on the project, all)
        """
        project, cloud = self._context.spec.project, self._context.ports.cloud
        try:
            listed = await cloud.dataset_names(project)
            if judgements.LIST_PERMISSION in await cloud.test_permissions(project, (judgements.LIST_PERMISSION,)):
                return listed, None
            return listed, catalogue.permission_missing(judgements.LIST_PERMISSION, context_of(self._context.spec))
        except ProblemError as error:
            return (), error.problem

    async def _still_there(self, dataset: str, listed_in: str) -> _Other:
        """Do the same as `_other`, unless the dataset has been deleted since it was listed."""
        try:
            other = await self._other(dataset, listed_in)
        except ProblemError as error:
            return _Other(problem=error.problem)
        if other.problem is not None and other.problem.kind is Kind.NOT_FOUND:
            with suppress(ProblemError):
                if await self._context.ports.cloud.dataset(self._context.spec.project, dataset) is None:
                    return _Other()
        return other

    async def _other(self, dataset: str, listed_in: str) -> _Other:
        """Find out whether the account can read a dataset, by a grant to it or to everybody, or by trying."""
        async with self._turns.turn():
            try:
                info = await self._context.cloud.dataset(self._context.spec.project, dataset)
            except ProblemError as error:
                self._turns.ended(error.problem)
                if not refused(error.problem):
                    return _Other(problem=error.problem)
                info = None
            location = info.location if info is not None else listed_in
            if info is not None and (grants := roles_on_dataset(self._context, info)):
                return _Other((dataset,), grants)
            try:
                tables = await self._some_tables(dataset)
            except ProblemError as error:
                self._turns.ended(error.problem)
                return _Other(problem=error.problem)
        answers = await asyncio.gather(*(self._reads(dataset, table, location) for table in tables))
        open_ = [table.name for table, answer in zip(tables, answers, strict=True) if answer is True]
        if open_:
            names = tuple(f"{dataset}.{name}" for name in open_[:_NAMED])
            return _Other(names, await self._behind(dataset, open_[:_NAMED], location))
        problem = next((a for a in answers if isinstance(a, Problem)), None)
        if problem is None and info is not None and info.access is None:
            # The account sees the dataset, and it is not visible whether that is because of a grant.
            problem = self._context.problem(Code.ACCESS_UNREAD, dataset=dataset)
        return _Other(problem=problem)

    async def _some_tables(self, dataset: str) -> tuple[TableInfo, ...]:
        """Return a dataset's tables, as many as the limit leaves. The operator lists them, because the account sees
        none in a dataset in which it may read only one; if the operator may not list them, the account may be able
        to.

        Raises:
            ProblemError: the operator's refusal, if the account is refused, too.
        """
        if self._more:
            return ()  # the limit is reached, and it is known that this is not all
        try:
            found = await self._context.ports.cloud.tables(self._context.spec.project, dataset, self._room + 1)
        except ProblemError as error:
            if not refused(error.problem):
                raise
            try:
                found = await self._context.cloud.tables(self._context.spec.project, dataset, self._room + 1)
            except ProblemError:
                raise error from None
        taken = found[: self._room]
        self._room -= len(taken)
        self._more = self._more or len(taken) < len(found)
        return taken

    async def _reads(self, dataset: str, table: TableInfo, location: str) -> bool | Problem:
        """Return whether the account can read a table, or why that is not known."""
        try:
            async with self._turns.turn():
                self._tried += 1
                why = await dry_read(self._context, dataset, table, location)
                self._turns.ended(why)
        except ProblemError as error:
            return error.problem
        # A policy tag is checked only after the table itself has allowed the reader.
        if why is None or why.code == Code.POLICY_TAG:
            return True
        if reading_refused(why) and of_dataset(why, dataset):
            return False
        # A query may fail because of the table itself: it requires a filter, has no columns, or is in Drive. A
        # principal with the permission can read it all the same; that the answer does not have the permission proves
        # nothing.
        with suppress(ProblemError):
            asked = (judgements.READ_PERMISSION,)
            async with self._turns.turn():
                if await self._context.cloud.test_table_permissions(
                    self._context.spec.project, dataset, table.name, asked
                ):
                    return True
        return why

    async def _behind(self, dataset: str, tables: Sequence[str], location: str) -> tuple[Held, ...]:
        """Return the roles by which tables can be read, and what they are held on, as far as the operator can see."""
        cloud, project, member = self._context.ports.cloud, self._context.spec.project, self._context.spec.member
        grants: list[Held] = []
        with suppress(ProblemError):
            if info := await cloud.dataset(project, dataset):
                grants += roles_on_dataset(self._context, info)
        for table in tables:
            on = TableRef(project, dataset, table)
            with suppress(ProblemError):
                grants += sorted(
                    Held(b.role, on, location, "" if m == member else m, b.condition is not None)
                    for b in await cloud.table_bindings(project, dataset, table)
                    for m in b.members
                    if m == member or m in EVERYBODY
                )
        # A group's role does not show whether it is granted on the table or on the whole dataset.
        places = (TableRef(project, dataset, tables[0]), DatasetRef(project, dataset))
        return tuple(grants) or tuple(Held(message("read access"), on, location) for on in places)


async def judge_isolated(context: CheckContext) -> Judged:
    """Judge whether the account can read any dataset that is not Klaviyo's, or any table in it.

    The datasets and tables are those that the account or the operator sees: with a role on a single table, the account
    sees neither. Hidden datasets (a name with a leading underscore) are left out, as in Google's tools: they contain
    the results of queries.

    Raises:
        ProblemError: the account's own permissions, or its datasets, could not be read.
    """
    return await _Search(context).judge()
