"""``table$__PARTITIONS_SUMMARY__``, the partitions of a table as a table.

https://cloud.google.com/bigquery/docs/managing-partitioned-tables#get_partition_metadata_using_meta-tables
"""

from typing import Any

from kbq_tui.sandbox.bigquery import fields, refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.world import Table

JSON = dict[str, Any]
SUFFIX = "$__PARTITIONS_SUMMARY__"
_COLUMNS = (
    "project_id STRING, dataset_id STRING, table_id STRING, partition_id STRING, creation_time INT64, "
    "last_modified_time INT64"
)
_FORMS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}


def summary(session: QuerySession, table: Table) -> Table:
    """The partitions of a table by time, as they are now.

    Raises:
        ApiError: it has none by time.
    """
    partitioning: JSON = table.extra.get("timePartitioning") or {}
    column = partitioning.get("field")
    if column is None:
        raise refusals.invalid(f"Cannot read partition information from a table that is not partitioned: {table.ref}")
    moment = f"CAST({fields.quote(str(column))} AS TIMESTAMP)"
    form = _FORMS[str(partitioning.get("type") or "DAY")]
    partition = f"coalesce(strftime({moment}, '{form}'), '__NULL__')"
    places = ", ".join("'" + part.replace("'", "''") + "'" for part in table.ref.replace(":", ".", 1).rsplit(".", 2))
    made = Table(table.project_id, table.dataset_id, table.table_id + SUFFIX, schema=fields.columns(_COLUMNS))
    session.engine.drop(made)
    made.rows_sql = (
        f"SELECT DISTINCT {places}, {partition} AS p, {table.created_ms}, {table.modified_ms} "  # noqa: S608
        f"FROM {session.engine.name(table)} ORDER BY p"
    )
    return made
