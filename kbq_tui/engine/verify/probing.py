"""Probes: tables with unique names that are created to see whether the account can write, and always deleted
afterwards."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import timedelta

from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.refusals import billing_refused, refused
from kbq_tui.i18n.messages import message
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.judgements import Judged
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.spec import RequiredDataset
from kbq_tui.shell import sql
from kbq_tui.shell.sql import PROBE_PREFIX

LABEL = ("created-by", "kbq-tui")
"""The label on them."""

LEFT_OVER = timedelta(minutes=15)
"""The age from which a probe was left by a killed run: a run needs it for a few calls, of at most a minute each."""

_GRACE = 0.8
"""Seconds for dropping a probe when the operator quits; one that takes longer is dropped by the next run."""

MAX_LISTED = 20_000
"""The most tables of a dataset among which probes of killed runs are looked for."""

Path = tuple[str, str, str]
"""Project, dataset, table."""


def is_probe(table: TableInfo) -> bool:
    """Whether a table is one of our probes, by name and label; the name goes into a DROP, so it must be a plain one."""
    plain = table.name.isascii() and table.name.isidentifier() and table.name.startswith(PROBE_PREFIX)
    return plain and (table.labels or {}).get(LABEL[0]) == LABEL[1]


def new_probe(context: CheckContext, dataset: RequiredDataset) -> Path:
    """Return a new, unique path."""
    return context.spec.project, dataset.name, PROBE_PREFIX + secrets.token_hex(8)


def create_text(context: CheckContext, dataset: RequiredDataset) -> str:
    """Return the statement that creates a probe, to be shown."""
    return sql.create_probe(context.spec.project, dataset.name, f"{PROBE_PREFIX}…")


def cycle_text(context: CheckContext, dataset: RequiredDataset) -> str:
    """Return the statements of a write cycle, to be shown."""
    path = (context.spec.project, dataset.name, f"{PROBE_PREFIX}…")
    return "; ".join(f(*path) for f in (sql.create_probe, sql.insert_probe, sql.count_rows, sql.drop_table))


async def create_probe(context: CheckContext, path: Path) -> None:
    """Create a probe. If it is unclear whether it was created, it is dropped.

    Raises:
        ProblemError: why there is none.
    """
    try:
        await context.cloud.query(context.spec.project, sql.create_probe(*path), context.where(path[1]))
    except ProblemError as error:
        if error.problem.kind not in (Kind.NOT_PERMITTED, Kind.NOT_FOUND):
            await drop_probe(context, path)
        raise
    except asyncio.CancelledError:
        await _drop_at_once(context, path)
        raise


async def drop_probe(context: CheckContext, path: Path) -> Problem | None:
    """Drop a probe; None if it does not exist any more, else why it may still exist."""
    try:
        await context.cloud.query(context.spec.project, sql.drop_table(*path), context.where(path[1]))
    except ProblemError as error:
        return error.problem
    return None


async def _drop_at_once(context: CheckContext, path: Path) -> None:
    await asyncio.wait([asyncio.ensure_future(drop_probe(context, path))], timeout=_GRACE)


async def write_cycle(context: CheckContext, dataset: RequiredDataset) -> tuple[Judged, Judged]:
    """Create a table with a unique name, insert, select, and drop it. Returns the verdict, and that of the billing
    check.

    Raises:
        ProblemError: the table could not even be created.
    """
    path = new_probe(context, dataset)
    inserted = Judged(Verdict.UNKNOWN, message("no INSERT was reached"))
    await create_probe(context, path)
    try:
        judged, inserted = await _write(context, path)
    except asyncio.CancelledError:
        await _drop_at_once(context, path)
        raise
    left = await drop_probe(context, path)
    if left is not None and judged.verdict is Verdict.PASS:
        why = judgements.judge_error(left, refused)
        text = message(
            "{table} could not be dropped, it expires by itself within the hour: {why}",
            table=path[2],
            why=why.evidence,
        )
        judged = Judged(why.verdict, text, left)
    return judged, inserted


async def _write(context: CheckContext, path: Path) -> tuple[Judged, Judged]:
    project = context.spec.project
    try:
        await context.cloud.query(project, sql.insert_probe(*path), context.where(path[1]))
    except ProblemError as error:
        billing = judgements.judge_error(error.problem, billing_refused)
        return judgements.judge_error(error.problem, refused), billing
    inserted = Judged(Verdict.PASS, message("the INSERT was accepted"))
    try:
        rows = (await context.cloud.query(project, sql.count_rows(*path), context.where(path[1]))).rows
    except ProblemError as error:
        return judgements.judge_error(error.problem, refused), inserted
    read = rows[0][0] if rows else message("nothing")
    if read != "1":
        return Judged(Verdict.FAIL, message("wrote 1 row, read {read}", read=read)), inserted
    return Judged(Verdict.PASS, message("created, wrote 1 row, read it, dropped")), inserted


async def sweep(context: CheckContext, dataset: str, tables: Iterable[TableInfo]) -> None:
    """Drop probes of killed runs: ours by prefix and label, and too old to be in use."""
    old = context.ports.clock.now() - LEFT_OVER
    left = [t for t in tables if is_probe(t) and t.created is not None and t.created < old]
    await asyncio.gather(*(drop_probe(context, (context.spec.project, dataset, t.name)) for t in left))
