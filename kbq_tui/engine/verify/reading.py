"""Whether the account can read the tables and views of a dataset; each is read as a dry run, which costs nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.throttle import Throttle
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.hidden_rows import hidden_rows
from kbq_tui.engine.verify.probing import MAX_LISTED, is_probe, sweep
from kbq_tui.engine.verify.refusals import of_dataset, refused
from kbq_tui.engine.verify.table_ends import with_ends
from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged, settled
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.spec import RequiredDataset
from kbq_tui.shell import sql

MAX_TRIED = 2_000
"""The most tables and views of a dataset that are read and tested for write access; with more of them nothing is
proven."""

_VIEWS = frozenset({"VIEW", "MATERIALIZED_VIEW"})
_BROKEN_VIEW = frozenset({Code.QUERY_INVALID, Code.TWO_LOCATIONS})
_UNREADABLE = frozenset(
    {Code.PARTITION_FILTER, Code.VIEW_BROKEN, Code.COLUMNS_DUPLICATE, Code.TOO_MANY_COLUMNS, Code.CMEK_REQUIRED}
)
"""Problems that also prevent Klaviyo from reading a table or view until it is changed."""


async def judge_readable(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """Return the verdict on reading each table and view of a dataset, its row policies, and its tables' expirations.

    Raises:
        ProblemError: its tables could not be listed.
    """
    cloud, project, name = context.cloud, context.spec.project, dataset.name
    found = await cloud.tables(project, name, MAX_LISTED)
    await sweep(context, name, found)
    tables = tuple(t for t in found if not is_probe(t))
    if not tables:
        return Judged(Verdict.PASS, message("nothing to read yet: the dataset is empty"))
    tried = tables[:MAX_TRIED]
    answers = await _dry_reads(context, name, tried)
    if any(why is not None and why.code == Code.TABLE_NOT_FOUND for why in answers):
        # A table that was dropped since it was listed need not be readable; a view over a deleted table still is in the
        # way.
        there = {t.name for t in await cloud.tables(project, name, MAX_LISTED)}
        answers = [why for t, why in zip(tried, answers, strict=True) if t.name in there]
        tried = tuple(t for t in tried if t.name in there)
    note = message(" (the first {n} of more)", n=MAX_TRIED) if len(tables) > MAX_TRIED else ""
    if bad := [(t, why) for t, why in zip(tried, answers, strict=True) if why is not None]:
        return _not_all(name, bad, len(tried), note)
    read = message_n(
        "{n} table or view can be read{note}", "all {n} tables and views can be read{note}", len(tried), note=note
    )
    seen = await hidden_rows(context, name, tried, Judged(Verdict.PASS, read))
    if len(tables) > MAX_TRIED and seen.verdict is Verdict.PASS:
        limit = message("{n} tables", n=MAX_TRIED)
        more = context.problem(Code.NOT_SEARCHED, resource=context.ref(dataset), limit=limit)
        return Judged(Verdict.UNKNOWN, seen.evidence, more)
    return with_ends(context, name, tables, seen)


def _not_all(dataset: str, bad: Sequence[tuple[TableInfo, Problem]], tried: int, note: Message | str) -> Judged:
    """Return the verdict if some of the tables and views that were tried cannot be read."""
    judged = [judgements.judge_error(why, _cannot_read(t)) for t, why in bad]
    worst = next((j for j in judged if j.verdict is Verdict.FAIL), judged[0])
    text = message(
        "{n} of {all} cannot be read{note}: {names}: {why}",
        n=len(bad),
        all=tried,
        note=note,
        names=", ".join(t.name for t, _ in bad[:5]),
        why=worst.evidence,
    )
    whole = replace(worst, evidence=text)
    # A grant of ours that has not taken effect keeps every table closed; an obstacle of one table is not waited for.
    ours = all(why.code == Code.TABLE_READ_DENIED and of_dataset(why, dataset) for _, why in bad)
    return settled(whole) if ours and len(bad) == tried else whole


def _cannot_read(table: TableInfo) -> Callable[[Problem], bool]:
    """Return whether a problem says that Klaviyo cannot read the table or view as it is."""

    def fails(problem: Problem) -> bool:
        broken = table.kind in _VIEWS and problem.code in _BROKEN_VIEW
        return broken or problem.code in _UNREADABLE or refused(problem)

    return fails


async def _dry_reads(context: CheckContext, dataset: str, tables: Sequence[TableInfo]) -> list[Problem | None]:
    """Read tables as a dry run. Returns for each why that is not possible, or None."""
    turns = Throttle()

    async def one(table: TableInfo) -> Problem | None:
        try:
            async with turns.turn():
                why = await dry_read(context, dataset, table, context.where(dataset))
        except ProblemError as error:
            return error.problem
        turns.ended(why)
        return why

    return await asyncio.gather(*(one(table) for table in tables))


async def dry_read(context: CheckContext, dataset: str, table: TableInfo, location: str) -> Problem | None:
    """Read a table as a dry run. Returns why that is not possible, or None."""
    try:
        statement = sql.read_one(context.spec.project, dataset, table.name)
    except ValueError:
        return context.problem(Code.TABLE_NAME, dataset=dataset, table=table.name)
    try:
        await context.cloud.query(context.spec.project, statement, location, dry_run=True)
    except ProblemError as error:
        return error.problem
    return None
