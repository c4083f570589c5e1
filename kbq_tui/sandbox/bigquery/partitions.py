"""Partitions by time: which partitions a query reads, and ``table$__PARTITIONS_SUMMARY__``, which lists them.

https://cloud.google.com/bigquery/docs/querying-partitioned-tables
https://cloud.google.com/bigquery/docs/managing-partitioned-tables#get_partition_metadata_using_meta-tables
"""

from collections.abc import Iterator
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import fields, refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
SUFFIX = "$__PARTITIONS_SUMMARY__"
_COLUMNS = (
    "project_id STRING, dataset_id STRING, table_id STRING, partition_id STRING, creation_time INT64, "
    "last_modified_time INT64"
)
_FORMS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}


def summary(session: QuerySession, table: Table) -> Table:
    """The time partitions of a table, as they are now.

    Raises:
        ApiError: the table is not partitioned by time.
    """
    partitioning: JSON = table.extra.get("timePartitioning") or {}
    column = partitioning.get("field")
    if column is None:
        raise refusals.invalid(f"Cannot read partition information from a table that is not partitioned: {table.ref}")
    partition = _partition(str(column), partitioning)
    places = ", ".join("'" + part.replace("'", "''") + "'" for part in table.ref.replace(":", ".", 1).rsplit(".", 2))
    made = Table(table.project_id, table.dataset_id, table.table_id + SUFFIX, schema=fields.columns(_COLUMNS))
    session.engine.drop(made)
    made.rows_sql = (
        f"SELECT DISTINCT {places}, {partition} AS p, {table.created_ms}, {table.modified_ms} "  # noqa: S608
        f"FROM {session.engine.name(table)} ORDER BY p"
    )
    return made


def sizes(session: QuerySession, table: Table) -> list[tuple[str | None, int, int]]:
    """Rows and bytes of each partition of a table; a table without partitions is one without a name."""
    partitioning: JSON = table.extra.get("timePartitioning") or {}
    column = partitioning.get("field")
    if column is None:
        return [(None, session.engine.count(table), session.engine.size(table))]
    partition = _partition(str(column), partitioning)
    sums = ", ".join(f"sum({fields.size_sql(f)})" for f in table.schema)
    sql = f"SELECT {partition} AS p, count(*), list_sum([{sums}]) FROM {session.engine.name(table)}"  # noqa: S608
    return [
        (str(p), int(rows), int(size)) for p, rows, size in session.engine.execute(f"{sql} GROUP BY p ORDER BY p").rows
    ]


def _partition(column: str, partitioning: JSON) -> str:
    """A DuckDB expression for the id of a row's partition."""
    form = _FORMS[str(partitioning.get("type") or "DAY")]
    return f"coalesce(strftime(CAST({fields.quote(column)} AS TIMESTAMP), '{form}'), '__NULL__')"


def filters_of(node: exp.Expr) -> list[exp.Expr]:
    """The WHERE conditions that apply to a table in a statement, one for each part of an AND."""
    found: list[exp.Expr] = []
    parent = node.parent
    while parent is not None:
        where = parent.args.get("where") if isinstance(parent, exp.Select | exp.Update | exp.Delete) else None
        if where is not None:
            condition = where.this.unnest()
            found += condition.flatten() if isinstance(condition, exp.And) else [condition]
        parent = parent.parent
    return found


def column_of(table: Table) -> str:
    """The column that a table is partitioned by; empty if it is not partitioned by a column."""
    by_range: JSON = table.extra.get("rangePartitioning") or {}
    return str((table.extra.get("timePartitioning") or {}).get("field") or by_range.get("field") or "")


def check_filter(table: Table, filters: list[exp.Expr]) -> None:
    """Require a filter on the partitioning column, for a table with ``requirePartitionFilter``.

    https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries

    Raises:
        ApiError: the query has none.
    """
    demanded = table.extra.get("requirePartitionFilter") or (table.extra.get("timePartitioning") or {}).get(
        "requirePartitionFilter"
    )
    column = column_of(table)
    if demanded not in (True, "true") or any(_limits(part, column) for part in filters):
        return
    shown = column or "_PARTITION_LOAD_TIME', '_PARTITIONDATE', '_PARTITIONTIME"
    name = f"{table.project_id}.{table.dataset_id}.{table.table_id}"
    raise refusals.invalid_query(
        f"Cannot query over table '{name}' without a filter over column(s) '{shown}' "
        "that can be used for partition elimination"
    )


def _limits(condition: exp.Expr, column: str) -> bool:
    """Whether a condition restricts a column in all of its alternatives."""
    condition = condition.unnest()
    if isinstance(condition, exp.Or):
        return all(_limits(part, column) for part in condition.flatten())
    if isinstance(condition, exp.And):
        return any(_limits(part, column) for part in condition.flatten())
    return any(_is_column(found, column) for found in condition.find_all(exp.Column))


def _is_column(found: exp.Column, column: str) -> bool:
    return found.name.lower() == column.lower()


def _constant_filters(column: str, filters: list[exp.Expr]) -> Iterator[exp.Expr]:
    """The conditions on a column that read nothing else, so that they are known before the query runs."""
    for condition in filters:
        columns = list(condition.find_all(exp.Column))
        if columns and all(_is_column(c, column) for c in columns) and not condition.find(exp.Query, exp.AggFunc):
            yield condition


def read_part(session: QuerySession, table: Table, filters: list[exp.Expr]) -> str | None:
    """A condition for DuckDB's WHERE for the partitions that a query reads; None for all rows."""
    column = column_of(table)
    partitioning: JSON = table.extra.get("timePartitioning") or {}
    if not column or not partitioning:
        return None
    conditions = []
    for condition in _constant_filters(column, filters):
        bare = condition.copy()
        for found in bare.find_all(exp.Column):
            found.set("table", None)
        conditions.append(f"({bare.sql('duckdb')})")
    if not conditions:
        return None
    unit = str(partitioning.get("type") or "DAY").lower()
    start = f"date_trunc('{unit}', {fields.quote(column)})"
    name = session.engine.name(table)
    read = f"SELECT DISTINCT {start} FROM {name} WHERE {' AND '.join(conditions)}"  # noqa: S608
    try:
        session.engine.describe(read, session.watch)
    except duckdb.Error:
        return None  # the query is refused for it later, with the position
    return f"{start} IN ({read})"
