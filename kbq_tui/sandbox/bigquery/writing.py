"""The table that a job writes into, found or created according to ``createDisposition`` and ``writeDisposition``.

https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationQuery
"""

from dataclasses import dataclass
from typing import Any

from kbq_tui.sandbox.bigquery import refusals, schema_change, tables
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import QuerySession, ResolvedName, find_dataset, table_name
from kbq_tui.sandbox.bigquery.query import living_table
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]


@dataclass
class Target:
    """The destination of a job.

    Args:
        name: the table's path.
        dataset: its dataset.
        table: the existing table; None if there is none yet.
    """

    name: ResolvedName
    dataset: Dataset
    table: Table | None


def target_of(session: QuerySession, config: JSON) -> Target:
    """The destination of a job; without a location, the job runs in that of the dataset.

    Raises:
        ApiError: the dataset does not exist here.
    """
    given: JSON = config.get("destinationTable") or {}
    if not given.get("datasetId") or not given.get("tableId"):
        raise refusals.invalid("Required parameter is missing: destinationTable")
    home = str(given.get("projectId") or session.project.id)
    name = table_name(session, (home, str(given["datasetId"]), str(given["tableId"])))
    known = session.world.dataset(name.project, name.dataset)
    if not session.location:
        session.location = known.location if known is not None else "US"
    elif known is not None and known.location.upper() != session.location.upper():
        raise refusals.other_location(session.location, known.location)
    dataset = find_dataset(session, name)
    return Target(name, dataset, living_table(session, dataset, name.table))


def check(session: QuerySession, config: JSON, target: Target, default: str) -> str:
    """Refuse what a disposition forbids; return the write disposition.

    Raises:
        ApiError: there is no table and none may be created, or it has rows and must be empty.
    """
    disposition = str(config.get("writeDisposition") or default)
    table = target.table
    if table is None:
        if config.get("createDisposition") == "CREATE_NEVER":
            raise refusals.no_table(target.name.ref)
    elif disposition == "WRITE_EMPTY" and session.engine.count(table):
        raise refusals.exists("Table", table.ref)
    return disposition


def prepared(
    session: QuerySession, config: JSON, target: Target, columns: list[Field], body: JSON, *, named: bool, default: str
) -> Table:
    """The table to write into, ready for rows with these columns.

    Args:
        session: the caller's query.
        config: the job's configuration, with its dispositions and ``schemaUpdateOptions``.
        target: from `target_of`.
        columns: the columns of the rows.
        body: further fields of the API's Table, if it is created.
        named: whether the job names the columns, so that a truncated table gets them.
        default: the write disposition of a job that names none.

    Raises:
        ApiError: it is not allowed, or the columns do not fit.
    """
    disposition = check(session, config, target, default)
    table = target.table
    if table is None:
        return tables.create(session, target.dataset, target.name.table, schema=columns, body=body)
    tables.require(session, target.dataset, table, "bigquery.tables.updateData")
    if table.view_query is not None:
        raise refusals.invalid(f"Cannot write into {table.ref}: it is a view")
    if disposition in ("WRITE_TRUNCATE", "WRITE_TRUNCATE_DATA"):
        if disposition == "WRITE_TRUNCATE" and (named or not table.schema):
            if table.schema != columns:
                session.ctx.authz.require(session.principal, "bigquery.tables.update", target.dataset)
            table.schema = columns
        session.engine.create(table, schema_change.defaults(session, table.schema))
        return table
    options = [str(option) for option in config.get("schemaUpdateOptions") or []]
    schema_change.adapt(session, table, columns, options)
    return table
