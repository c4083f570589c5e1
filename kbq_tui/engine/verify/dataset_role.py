"""The role that the account holds on a dataset, as INFORMATION_SCHEMA.OBJECT_PRIVILEGES shows it."""

from dataclasses import replace

from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.engine.verify.held_roles import Held, dataset_bounded, over_grant
from kbq_tui.i18n.messages import message
from kbq_tui.model import judgements
from kbq_tui.model.checks import Verdict
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.judgements import Judged, perhaps_not_yet
from kbq_tui.model.problem import Kind, Problem, ProblemError
from kbq_tui.model.spec import RequiredDataset
from kbq_tui.shell import sql


def statement(context: CheckContext, dataset: RequiredDataset) -> str:
    """Return the query for the account's roles on a dataset; empty while the dataset's location is not known."""
    where = context.where(dataset.name)
    return sql.privileges(context.spec.project, where, dataset.name, context.spec.member) if where else ""


async def judge_granted(context: CheckContext, dataset: RequiredDataset) -> Judged:
    """Judge whether the account holds the role that it needs on a dataset, and no other.

    Raises:
        ProblemError: the query failed for another reason than a missing permission of the account.
    """
    project, where, query = context.spec.project, context.where(dataset.name), statement(context, dataset)
    if not query:
        return Judged(Verdict.UNKNOWN, message("where the dataset is could not be found out, so it cannot be asked"))
    try:
        rows, by_operator = (await context.cloud.query(project, query, where)).rows, False
    except ProblemError as error:
        if error.problem.kind is not Kind.NOT_PERMITTED:
            raise
        # Reading one's own grants is not among the granted permissions; the operator may be able to read them.
        rows, by_operator = (await context.ports.cloud.query(project, query, where)).rows, True
    on, missing = context.ref(dataset), context.problem(Code.GRANT_MISSING, dataset=dataset.name, role=dataset.role)

    def excess(roles: tuple[str, ...]) -> Problem:
        return over_grant(context, [Held(role, on, where) for role in roles])

    judged = judgements.judge_granted(dataset, context.spec.member, rows, missing, excess)
    if judged.verdict is Verdict.PASS or judged.problem is missing:
        # OBJECT_PRIVILEGES does not show conditions.
        judged = await dataset_bounded(context, judged, dataset)
    if by_operator:
        text = message("{evidence} (asked with your own login)", evidence=judged.evidence)
        judged = replace(judged, evidence=text)
    return perhaps_not_yet(judged) if judged.problem is missing else judged
