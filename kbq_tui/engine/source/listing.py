"""Reads what is known of all tables of the import dataset together: four calls, however many tables there are."""

import asyncio
from collections.abc import Mapping, Sequence

from kbq_tui.engine.ports import Cloud, QueryResult, TableInfo
from kbq_tui.engine.verify.probing import is_probe
from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.problem import Problem, ProblemError
from kbq_tui.model.source import Column
from kbq_tui.shell import sql

MOST_TABLES = 100_000
"""The most tables that are listed."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The tables of a dataset.

    Attributes:
        tables: the tables, without those of our own write checks.
        definitions: the queries of views by name, as far as they may be read.
        stored: the number of rows of each table by name, as far as it may be read.
        lines: the columns of each table by name, as `shell.sql.columns` gives them.
        columns_problem: why the columns are not known; None if they are.
    """

    tables: tuple[TableInfo, ...]
    definitions: Mapping[str, str]
    stored: Mapping[str, int]
    lines: Mapping[str, str]
    columns_problem: Problem | None

    def columns(self, table: str) -> tuple[tuple[Column, ...], Column | None]:
        """Return a table's columns, and the one that it is partitioned by; none if they are not known."""
        return columns_in(self.lines.get(table, ""))


def columns_in(text: str) -> tuple[tuple[Column, ...], Column | None]:
    """Return the columns in a cell of `shell.sql.columns`, and the one that the table is partitioned by."""
    columns: list[Column] = []
    partition = None
    for line in text.split("\n"):
        cells = line.split("\t")
        if len(cells) != 5:
            continue
        name, type_, partitioning, hidden, tags = cells
        column = Column(name, type_, tagged=tags not in ("", "0"))
        if partitioning == "YES":
            partition = column
        if hidden != "YES":
            columns.append(column)
    return tuple(columns), partition


async def listing_of(account: Cloud, operator: Cloud, project: str, dataset: str) -> Listing:
    """Return what is known of a dataset's tables; its location need not be known.

    BigQuery infers a query's location from the datasets that it names. Source:
    https://cloud.google.com/bigquery/docs/locations#specify_locations

    Args:
        account: Google as the service account sees it.
        operator: Google as the operator sees it: row policies hide no rows from an owner's count.
        project, dataset: the dataset of the tables.

    Raises:
        ProblemError: the tables cannot be listed.
    """

    async def asked(cloud: Cloud, statement: str) -> QueryResult | Problem:
        try:
            return await cloud.query(project, statement, "", max_rows=MOST_TABLES)
        except ProblemError as error:
            return error.problem

    tables, columns, views, stored = await asyncio.gather(
        account.tables(project, dataset, MOST_TABLES),
        asked(account, sql.columns(project, dataset)),
        asked(account, sql.view_texts(project, dataset)),
        asked(operator, sql.stored_rows(project, dataset)),
    )
    return Listing(
        tables=tuple(sorted((t for t in tables if not is_probe(t)), key=lambda t: t.name)),
        definitions=_pairs(views),
        stored={name: int(rows) for name, rows in _pairs(stored).items() if rows.isdigit()},
        lines=_pairs(columns),
        columns_problem=columns if isinstance(columns, Problem) else None,
    )


def _pairs(answer: QueryResult | Problem) -> dict[str, str]:
    if isinstance(answer, Problem):
        return {}
    return {row[0]: row[1] for row in answer.rows if len(row) == 2 and row[0] is not None and row[1] is not None}


def twins(names: Sequence[str]) -> dict[str, str]:
    """Return, for each name that differs from another only in case, that other name."""
    by_fold: dict[str, list[str]] = {}
    for name in names:
        by_fold.setdefault(name.casefold(), []).append(name)
    several = (group for group in by_fold.values() if len(group) > 1)
    return {name: next(other for other in group if other != name) for group in several for name in group}
