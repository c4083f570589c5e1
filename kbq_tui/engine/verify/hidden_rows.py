"""Whether row access policies hide rows from the account, in tables that it can read and behind views."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.throttle import MAX_CONCURRENCY
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.i18n.messages import joined, message
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.planning.row_policies import VisibleRows, letting_in, rows_for
from kbq_tui.shell import sql

_VIEWS = frozenset({"VIEW", "MATERIALIZED_VIEW"})
_ORDER = (Verdict.FAIL, Verdict.UNKNOWN)
_LIST = "bigquery.rowAccessPolicies.list"

T = TypeVar("T")
Path = tuple[str, str, str]
"""Project, dataset, table."""


async def hidden_rows(context: CheckContext, dataset: str, tables: Sequence[TableInfo], readable: Judged) -> Judged:
    """Return the verdict on reading a dataset, with what row policies hide from the account.

    The operator reads the policies, because readers of rows are not shown the policies.

    Args:
        context: gives the account's and the operator's cloud.
        dataset: the dataset.
        tables: its tables and views, all of which can be read.
        readable: the verdict so far.
    """
    slots = asyncio.Semaphore(MAX_CONCURRENCY)

    async def in_turn(asked: Awaitable[T]) -> T:
        async with slots:
            return await asked

    found = await asyncio.gather(*(in_turn(_sources(context, dataset, table)) for table in tables))
    problem = next((f for f in found if isinstance(f, Problem)), None)
    paths = dict.fromkeys(path for f in found if not isinstance(f, Problem) for path in f)
    judged = await asyncio.gather(*(in_turn(_judge(context, path)) for path in paths))
    for verdict in _ORDER:
        if worst := next((j for j in judged if j is not None and j.verdict is verdict), None):
            return worst
    if problem is not None:
        return Judged(Verdict.UNKNOWN, problem.words, problem)
    notes = [j for j in judged if j is not None]
    if not notes:
        return readable
    return Judged(readable.verdict, joined("; ", readable.evidence, *(j.evidence for j in notes)), notes[0].problem)


async def _sources(context: CheckContext, dataset: str, table: TableInfo) -> tuple[Path, ...] | Problem:
    """Return the table itself, or the tables behind a view."""
    project = context.spec.project
    if table.kind not in _VIEWS:
        return ((project, dataset, table.name),)
    statement = sql.read_one(project, dataset, table.name)
    try:
        read = (await context.cloud.dry_run(project, statement, context.where(dataset))).tables
    except ProblemError as error:
        return error.problem
    return tuple(path for path in read if path != (project, dataset, table.name))


async def _judge(context: CheckContext, path: Path) -> Judged | None:
    """Return the effect of one table's row policies on the account; None if they hide nothing from it."""
    project, dataset, table = path
    name = f"{dataset}.{table}"
    try:
        policies = await context.ports.cloud.row_policies(project, dataset, table)
    except ProblemError as error:
        problem = error.problem
        if problem.kind is Kind.NOT_FOUND:
            return None  # a view, or dropped in the meantime
        if problem.kind is Kind.NOT_PERMITTED:
            problem = catalogue.permission_missing(_LIST, context.facts, dataset=dataset, table=table)
        text = message(
            "whether row policies of {table} hide rows could not be read: {why}", table=name, why=problem.title
        )
        return Judged(Verdict.UNKNOWN, text, problem)
    rows = rows_for(context.spec.member, policies)
    if rows is VisibleRows.ALL:
        return None
    problem = context.problem(Code.ROW_POLICY, dataset=dataset, table=table)
    if rows is VisibleRows.SOME:
        filters = " OR ".join(policy.filter for policy in letting_in(context.spec.member, policies))
        text = message("of {table} only the rows of its policies are seen: {filters}", table=name, filters=filters)
        return Judged(Verdict.PASS, text, replace(problem, cause=text))
    if rows is VisibleRows.NONE:
        text = message("no row policy of {table} lets the account in: it gets no row", table=name)
        return Judged(Verdict.FAIL, text, problem)
    members = ", ".join(dict.fromkeys(m for policy in policies for m in policy.members))
    text = message(
        "no row policy of {table} lets the account in by name; whether it is one of {members} is not known",
        table=name,
        members=members,
    )
    return Judged(Verdict.UNKNOWN, text, problem)
