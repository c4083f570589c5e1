"""Whether the account cannot write to a dataset that Klaviyo only reads."""

import asyncio
import contextlib

from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.throttle import Throttle
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.held_roles import Held, over_grant, too_many
from kbq_tui.engine.verify.probing import create_probe, drop_probe, new_probe
from kbq_tui.engine.verify.reading import MAX_TRIED
from kbq_tui.engine.verify.refusals import refused
from kbq_tui.i18n.messages import Message, message, message_n
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged
from kbq_tui.model.problem import ProblemError
from kbq_tui.model.refs import TableRef
from kbq_tui.model.spec import RequiredDataset
from kbq_tui.shell import sql


async def judge_read_only(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """Try to create a table where it must not be possible. If it works, drop it and fail.

    Raises:
        ProblemError: refused for another reason, such as not being allowed to run a query at all, so that the answer is
            open.
    """
    path = new_probe(context, dataset)
    try:
        await create_probe(context, path)
    except ProblemError as error:
        if error.problem.code != Code.TABLE_WRITE_DENIED:
            raise
        why = error.problem.words
        return await _tables_are_safe(context, dataset, message("refused: {why}", why=why))
    dropped = await drop_probe(context, path) is None
    found = await too_many(context, dataset) or [
        Held(message("write access"), context.ref(dataset), context.where(dataset.name))
    ]
    text = message(
        "a table could be created and dropped" if dropped else "a table could be created and could not be dropped"
    )
    return Judged(Verdict.FAIL, text, over_grant(context, found))


async def _tables_are_safe(context: CheckContext, dataset: RequiredDataset, refusal: Message) -> Judged:
    """Test the account's permissions on each table, because a grant may be on a table only.

    Raises:
        ProblemError: they could not be tested, and no answer shows that something can be changed.
    """
    tables, sees = await _tables_of(context, dataset.name)
    tried, turns = tables[:MAX_TRIED], Throttle()

    async def writes(table: TableInfo) -> frozenset[str]:
        async with turns.turn():
            try:
                held = await _writes(context, dataset.name, table, sees)
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
        found = await too_many(context, dataset)
        if not found:
            roles = await _roles_on(context, dataset, table) or (message("write access"),)
            found = [
                Held(role, TableRef(context.spec.project, dataset.name, table), context.where(dataset.name))
                for role in roles
            ]
        return Judged(Verdict.FAIL, text, over_grant(context, found))
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
        more = context.problem(Code.NOT_SEARCHED, resource=context.ref(dataset), limit=limit)
        return Judged(Verdict.UNKNOWN, message("there are more than were tried: {text}", text=none), more)
    return Judged(Verdict.PASS, message("{none}; {refused}", none=none, refused=refusal))


async def _tables_of(context: CheckContext, dataset: str) -> tuple[tuple[TableInfo, ...], bool]:
    """Return the tables, and whether the account sees them. An account that may not list them may still change them;
    then the operator lists them."""
    try:
        return await context.cloud.tables(context.spec.project, dataset, MAX_TRIED + 1), True
    except ProblemError as error:
        if not refused(error.problem):
            raise
    return await context.ports.cloud.tables(context.spec.project, dataset, MAX_TRIED + 1), False


async def _writes(context: CheckContext, dataset: str, table: TableInfo, sees: bool) -> frozenset[str]:
    """Return what the account can do to a table; if it sees the table, the permission to see it must be in the
    answer."""
    asked = (judgements.TABLE_CONTROL, *judgements.TABLE_WRITES)
    try:
        held = await context.cloud.test_table_permissions(context.spec.project, dataset, table.name, asked)
    except ProblemError as error:
        if error.problem.code == Code.TABLE_NOT_FOUND:
            return frozenset()  # dropped in the meantime
        raise
    if sees and judgements.TABLE_CONTROL not in held:
        raise ProblemError(context.problem(Code.TABLE_READ_DENIED, dataset=dataset, table=table.name))
    return held & set(judgements.TABLE_WRITES)


async def _roles_on(context: CheckContext, dataset: RequiredDataset, table: str) -> tuple[str, ...]:
    """Return the roles beyond the wanted one that the account holds on a table itself, as far as can be seen."""
    for cloud in (context.cloud, context.ports.cloud):
        with contextlib.suppress(ProblemError, ValueError):
            where, member = context.where(dataset.name), context.spec.member
            statement = sql.table_privileges(context.spec.project, where, dataset.name, table, member)
            rows = (await cloud.query(context.spec.project, statement, where)).rows
            return judgements.roles_beyond(dataset.role, (str(row[1]) for row in rows if len(row) > 1))
    return ()
