"""Completes the problem of a table that cannot be read with what the check knows: its name, the account, what a view
reads."""

from dataclasses import replace
from typing import Final

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.ports import Cloud
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Kind, Problem, ProblemError
from kbq_tui.model.source import TableFacts
from kbq_tui.shell import sql

_VIEWS: Final = frozenset({"VIEW", "MATERIALIZED_VIEW"})
_OF_TABLES: Final = frozenset({Code.TABLE_READ_DENIED, Code.VIEW_SOURCE})
_BLANKS: Final = frozenset({Code.DRIVE, Code.EXTERNAL_DATA, Code.FEDERATED, Code.PARTITION_FILTER, Code.POLICY_TAG})
"""Codes whose remedies are about the table that was read; Google's texts do not always name it."""


async def explained(facts: TableFacts, operator: Cloud, location: str, context: Context) -> TableFacts:
    """Return the facts of a table that cannot be read, with a problem that names the table.

    A view is refused because of the first table of another dataset that the account may not read. A dry run as the
    operator, who can often read all of them, shows which other tables it reads.

    Args:
        facts: with the problem.
        operator: Google as the operator sees it.
        location: the table's location.
        context: fills the fields of remedies.
    """
    problem = facts.problem
    if problem is None or problem.kind in (Kind.NETWORK, Kind.CREDENTIALS):
        return facts
    if facts.kind in _VIEWS and not facts.reads:
        facts = replace(facts, reads=await _read_by(facts, operator, location))
    return replace(facts, problem=named(facts, problem, context))


async def _read_by(facts: TableFacts, operator: Cloud, location: str) -> tuple[tuple[str, str, str], ...]:
    try:
        dry = await operator.dry_run(facts.path[0], sql.count_rows(*facts.path), location)
    except (ProblemError, ValueError):  # a name that cannot be quoted
        return ()
    return tuple(path for path in dry.tables if path != facts.path)


def named(facts: TableFacts, problem: Problem, context: Context) -> Problem:
    """Return a problem that names the table, and for a view the dataset that it reads; unchanged if it does already.

    Args:
        facts: the table.
        problem: why it cannot be read.
        context: fills the fields of remedies.
    """
    _, dataset, table = facts.path
    denied = problem.detail("dataset")
    if facts.kind in _VIEWS and problem.code in _OF_TABLES and denied and denied != dataset:
        details = {"dataset": dataset, "table": table, "source_dataset": denied}
        return catalogue.problem(Code.VIEW_SOURCE, context, original=problem.original, **details)
    if problem.code in _BLANKS and not problem.detail("table"):
        details = {**{k: str(v) for k, v in problem.details.items()}, "dataset": dataset, "table": table}
        return catalogue.problem(problem.code, context, original=problem.original, **details)
    return problem
