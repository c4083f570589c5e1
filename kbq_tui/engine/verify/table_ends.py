"""Which tables of a dataset expire, whatever the dataset's default is."""

from collections.abc import Sequence

from kbq_tui.engine.ports import TableInfo
from kbq_tui.engine.verify.context import CheckContext
from kbq_tui.i18n.messages import joined
from kbq_tui.model.checks import Verdict
from kbq_tui.model.judgements import Judged
from kbq_tui.model.observed import DatasetInfo
from kbq_tui.planning.dataset_rules import vanishing


def with_ends(context: CheckContext, dataset: str, tables: Sequence[TableInfo], judged: Judged) -> Judged:
    """Return the verdict on reading a dataset, with the tables that expire.

    A table may be meant to expire, so this is reported without failing the check. If the dataset itself has a default
    expiration, another check reports that.

    Args:
        context: has the connection.
        dataset: the dataset's name.
        tables: its tables.
        judged: the verdict so far.
    """
    if judged.verdict is not Verdict.PASS:
        return judged
    looked = context.looked.get(dataset)
    if isinstance(looked, DatasetInfo) and (looked.table_life or looked.partition_life):
        return judged
    ends = {
        t.name: f"{t.expires:%Y-%m-%d %H:%M} UTC" if t.expires else "" for t in tables if t.expires or t.partition_life
    }
    problem = vanishing(ends, dataset, context.facts)
    if problem is None:
        return judged
    return Judged(judged.verdict, joined("; ", judged.evidence, problem.cause), judged.problem or problem)
