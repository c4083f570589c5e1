"""The SQL that the product runs or shows. Identifiers were validated by `ConnectionSpec` before.

Sources: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language,
https://cloud.google.com/bigquery/docs/information-schema-object-privileges
"""

import re
from datetime import datetime

from kbq_tui.model.lazy_pattern import pattern

_TABLE = pattern(r"[^\x00-\x1f`\\\"'/.]{1,1024}")


EXPORTED_EVENTS = "klaviyo_event"
"""The table into which Klaviyo exports events, as in public queries of its users."""

PROBE_PREFIX = "kbq_tui_probe_"
"""Names of the tables that write checks create; only such tables are ever cleaned up."""


def quoted(*parts: str) -> str:
    """Return a backquoted path. Raises ValueError if a part could end the quoting."""
    for part in parts:
        if not part or any(c in part for c in "`\\\n\r\x00"):
            raise ValueError("not an identifier")
    return "`" + ".".join(parts) + "`"


def _string(value: str) -> str:
    """Return a string literal. Raises ValueError for a value that is not a dataset, account or role."""
    if not re.fullmatch(r"[A-Za-z0-9_@.:/?=-]{1,1100}", value):
        raise ValueError("not a plain value")
    return f'"{value}"'


def is_location(value: str) -> bool:
    """Return whether a location from outside may be put into a statement."""
    return re.fullmatch(r"[A-Za-z0-9-]{1,100}", value) is not None


def region(location: str) -> str:
    """Return the region qualifier of a location: `region-eu`, `region-europe-west3`."""
    return "region-" + location.lower()


def probe() -> str:
    """The smallest query, which proves that jobs may be created."""
    return "SELECT 1 AS ok"


def privileges(project: str, location: str, dataset: str, member: str) -> str:
    """Article 4.3, corrected: region and `object_name` are required, one dataset per query; a grantee has a type.

    Only the member's rows are read: an access list may be longer than any answer we would read. A table with the
    dataset's name is not the dataset.
    """
    view = f"{quoted(project)}.{quoted(region(location))}.INFORMATION_SCHEMA.OBJECT_PRIVILEGES"
    where = f'object_name = {_string(dataset)} AND object_type = "SCHEMA" AND {_granted_to(member)}'
    return f"SELECT object_name, privilege_type, grantee FROM {view} WHERE {where}"


def table_privileges(project: str, location: str, dataset: str, table: str, member: str) -> str:
    """The same query for one table or view. Raises ValueError for a table name that cannot be quoted."""
    view = f"{quoted(project)}.{quoted(region(location))}.INFORMATION_SCHEMA.OBJECT_PRIVILEGES"
    where = f"object_schema = {_string(dataset)} AND object_name = {_string(table)} AND {_granted_to(member)}"
    return f"SELECT object_name, privilege_type, grantee FROM {view} WHERE {where}"


def _granted_to(member: str) -> str:
    """Compare without case: it is not known whether Google keeps the case of an e-mail in an access list."""
    return f"LOWER(grantee) = LOWER({_string(member)})"


def drop_view(project: str, dataset: str, view: str) -> str:
    """Delete a view; BigQuery refuses it for a table. Raises ValueError for a name that cannot be quoted."""
    return f"DROP VIEW IF EXISTS {quoted(project, dataset, view)}"


def create_probe(project: str, dataset: str, table: str, *, hours: int = 1) -> str:
    """Article 4.4: create a table with a unique name, which expires by itself if it is not dropped."""
    return (
        f"CREATE TABLE {quoted(project, dataset, table)} (id INT64) "
        f"OPTIONS(expiration_timestamp=TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {int(hours)} HOUR), "
        'labels=[("created-by", "kbq-tui")])'
    )


def insert_probe(project: str, dataset: str, table: str) -> str:
    """Return the statement that adds one row to the table of a write check."""
    return f"INSERT INTO {quoted(project, dataset, table)} (id) VALUES (1)"


def count_rows(project: str, dataset: str, table: str) -> str:
    """Return the query that counts a table's rows; its column is `n`."""
    return f"SELECT COUNT(*) AS n FROM {quoted(project, dataset, table)}"


def read_one(project: str, dataset: str, table: str) -> str:
    """Article 4.2 and 4.4: read one row of a table or view.

    Raises ValueError for a table name that cannot be quoted safely.
    """
    if not _TABLE.fullmatch(table):
        raise ValueError("not a table name that can be quoted")
    return f"SELECT * FROM {quoted(project, dataset, table)} LIMIT 1"


def columns(project: str, dataset: str) -> str:
    """Return the query for all columns of a dataset: a row for each table, whose columns are lines of name, type,
    whether the table is partitioned by it, whether it is hidden, and the number of its policy tags, separated by
    tabs.

    One row for each table, not for each column, so that the answer for thousands of tables is short. Source:
    https://cloud.google.com/bigquery/docs/information-schema-columns
    """
    cells = ("column_name", "data_type", "is_partitioning_column", "is_hidden")
    line = ", '\\t', ".join((*cells, "CAST(IFNULL(ARRAY_LENGTH(policy_tags), 0) AS STRING)"))
    view = f"{quoted(project, dataset)}.INFORMATION_SCHEMA.COLUMNS"
    text = f"STRING_AGG(CONCAT({line}), '\\n' ORDER BY ordinal_position)"
    return f"SELECT table_name, {text} AS columns FROM {view} GROUP BY table_name"


def view_texts(project: str, dataset: str) -> str:
    """Return the query for the names and texts of a dataset's views.

    Source: https://cloud.google.com/bigquery/docs/information-schema-views
    """
    return f"SELECT table_name, view_definition FROM {quoted(project, dataset)}.INFORMATION_SCHEMA.VIEWS"


def stored_rows(project: str, dataset: str) -> str:
    """Return the query for the number of stored rows of each table of a dataset; row policies do not reduce it."""
    return f"SELECT table_id, row_count FROM {quoted(project, dataset, '__TABLES__')} WHERE type = 1"


def account_jobs(project: str, location: str, email: str, since: datetime, limit: int) -> str:
    """Return the query for an account's jobs in one location, newest first.

    The view is partitioned by `creation_time` and clustered by `user_email`, so that it reads little beyond these jobs.

    Args:
        project: where the jobs ran.
        location: such as `EU`.
        email: the account.
        since: how far back, aware; BigQuery keeps 180 days.
        limit: the most rows.

    Source: https://cloud.google.com/bigquery/docs/information-schema-jobs
    """
    view = f"{quoted(project)}.{quoted(region(location))}.INFORMATION_SCHEMA.JOBS_BY_PROJECT"
    columns = (
        "creation_time, end_time, state, error_result.message AS error, total_bytes_billed, total_slot_ms, "
        "referenced_tables, destination_table, labels, parent_job_id, SUBSTR(query, 1, 200) AS statement"
    )
    where = f"creation_time >= TIMESTAMP_SECONDS({int(since.timestamp())}) AND user_email = {_string(email)}"
    return f"SELECT {columns} FROM {view} WHERE {where} ORDER BY creation_time DESC LIMIT {int(limit)}"


def exported_events(project: str, dataset: str) -> str:
    """Return the query for the newest event that Klaviyo exported, and for the number in the last 24 hours.

    Klaviyo does not publish the type of `datetime`; a cast to TIMESTAMP reads TIMESTAMP, DATETIME or text.
    """
    table = quoted(project, dataset, EXPORTED_EVENTS)
    at = "SAFE_CAST(datetime AS TIMESTAMP)"
    day = "TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR)"
    return f"SELECT MAX({at}) AS newest, COUNTIF({at} >= {day}) AS rows_24_hours FROM {table}"


def drop_table(project: str, dataset: str, table: str) -> str:
    """Return the statement that drops a table if it exists."""
    return f"DROP TABLE IF EXISTS {quoted(project, dataset, table)}"


def is_ours(statement: str) -> bool:
    """Whether a job of the service account was one of our checks, not Klaviyo's work."""
    ours = (PROBE_PREFIX, "INFORMATION_SCHEMA.OBJECT_PRIVILEGES")
    return statement.strip() == probe() or any(mark in statement for mark in ours)
