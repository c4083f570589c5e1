"""Earlier states of tables: ``FOR SYSTEM_TIME AS OF``, ``table@milliseconds``, and deleted tables.

The sandbox keeps no earlier rows of a table. It answers if the rows have not changed since then, and refuses otherwise.

https://cloud.google.com/bigquery/docs/access-historical-data
"""

import datetime as dt
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]


def moment_of(session: QuerySession, sql: str) -> int:
    """Evaluate a constant expression in DuckDB's SQL to a time in milliseconds.

    Raises:
        ApiError: it is not a time.
    """
    try:
        value = session.engine.run(f"SELECT CAST({sql} AS TIMESTAMPTZ)", session.watch).rows[0][0]
    except duckdb.Error as error:
        raise refusals.invalid_query("FOR SYSTEM_TIME AS OF expects a constant TIMESTAMP") from error
    if not isinstance(value, dt.datetime):
        raise refusals.invalid_query("FOR SYSTEM_TIME AS OF must not be NULL")
    return int(value.timestamp() * 1000)


def check_version(session: QuerySession, table: Table, version: exp.Expr | None) -> None:
    """Refuse ``FOR SYSTEM_TIME AS OF`` a time since which the rows have changed.

    Raises:
        ApiError: they have changed, or the table did not exist.
    """
    if version is not None:
        check(session, table, moment_of(session, version.expression.sql("duckdb")))


def check(session: QuerySession, table: Table, at: int) -> None:
    """Refuse to read a table as of a time since which its rows have changed.

    Raises:
        ApiError: they have, or the time is before the table's creation or in the future.
    """
    if at > session.world.now_ms() + 1000:
        raise refusals.invalid_query(f"Invalid snapshot time {at} for table {table.ref}@{at}. It is in the future")
    if at < table.created_ms:
        raise refusals.invalid_query(
            f"Invalid snapshot time {at} for table {table.ref}@{at}. Cannot read before {table.created_ms}"
        )
    if at < table.modified_ms:
        raise refusals.invalid_query(
            f"FOR SYSTEM_TIME AS OF is not supported by the sandbox for {table.ref}, which was changed since then"
        )


def split(name: str, now: int) -> tuple[str, int] | None:
    """Split ``table@1700000000000`` (milliseconds) or ``table@-3600000`` (ago) into table and time; None for other
    names."""
    table_id, _, moment = name.rpartition("@")
    if not table_id or not moment.lstrip("-").isdecimal():
        return None
    return table_id, int(moment) if int(moment) > 0 else now + int(moment)


def deleted_table(session: QuerySession, dataset: Dataset, name: str) -> Table | None:
    """A deleted table as it was at the time that its name ends with.

    https://cloud.google.com/bigquery/docs/restore-deleted-tables
    """
    parts = split(name, session.world.now_ms())
    for gone, table in dataset.deleted if parts is not None else ():
        if parts and table.table_id.rpartition("@")[0] == parts[0] and table.created_ms <= parts[1] < gone:
            return table
    return None
