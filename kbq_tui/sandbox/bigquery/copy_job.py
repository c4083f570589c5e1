"""Copy jobs: tables into a table, snapshots and clones.

https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobConfigurationTableCopy
"""

import copy
import datetime as dt
from typing import Any

from kbq_tui.sandbox.bigquery import dml, fields, refusals, table_kind, tables, time_travel
from kbq_tui.sandbox.bigquery.names import QuerySession, ResolvedName, find_dataset, table_name
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.query import living_table, table_grants
from kbq_tui.sandbox.bigquery.writing import check, target_of
from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
_KEPT = ("timePartitioning", "rangePartitioning", "clustering", "requirePartitionFilter")


def run(session: QuerySession, config: JSON) -> StatementResult:
    """Copy tables of one schema into a table.

    Args:
        session: who copies; its location is set to the destination's.
        config: ``configuration.copy``.

    Raises:
        ApiError: it is not allowed, something does not exist, or the schemas differ.
    """
    target = target_of(session, config)
    given = [config["sourceTable"]] if config.get("sourceTable") else list(config.get("sourceTables") or [])
    sources = [_source(session, reference) for reference in given]
    if not sources:
        raise refusals.invalid("Required parameter is missing: sourceTables")
    operation = str(config.get("operationType") or "COPY")
    first = sources[0]
    shape = [fields.duck_type(f) for f in first.schema]
    if any([fields.duck_type(f) for f in other.schema] != shape for other in sources):
        raise refusals.invalid("Source tables have different schemas")
    disposition = check(session, config, target, "WRITE_EMPTY")
    table = target.table
    if operation in ("SNAPSHOT", "CLONE") and table is not None:
        raise refusals.exists("Table", table.ref)
    if operation == "RESTORE" and first.kind != "SNAPSHOT":
        raise refusals.invalid(f"Cannot restore {first.ref}: it is not a snapshot")
    if table is None or (disposition == "WRITE_TRUNCATE" and first is not table):
        body: JSON = {key: copy.deepcopy(first.extra[key]) for key in _KEPT if key in first.extra}
        if config.get("destinationEncryptionConfiguration"):
            body["encryptionConfiguration"] = config["destinationEncryptionConfiguration"]
        if config.get("destinationExpirationTime"):
            body["expirationTime"] = _milliseconds(str(config["destinationExpirationTime"]))
        table = tables.create(
            session, target.dataset, target.name.table, schema=first.schema, replace=table is not None, body=body
        )
    else:
        tables.require(session, target.dataset, table, "bigquery.tables.updateData")
        if [fields.duck_type(f) for f in table.schema] != shape:
            raise refusals.invalid(f"Provided Schema does not match Table {table.ref}.")
    for source in sources:
        if source is not table:
            dml.insert_stored(session, table, session.engine.name(source))
    _mark(session, table, first, operation)
    outcome = StatementResult("", target={"destinationTable": tables.reference(table)})
    count = sum(session.engine.count(source) for source in sources)
    outcome.figures = {"copiedRows": str(count), "copiedLogicalBytes": str(sum(map(session.engine.size, sources)))}
    return outcome


def _source(session: QuerySession, reference: JSON) -> Table:
    home = str(reference.get("projectId") or session.project.id)
    return readable(
        session, table_name(session, (home, str(reference.get("datasetId")), str(reference.get("tableId"))))
    )


def readable(session: QuerySession, name: ResolvedName) -> Table:
    """Give a table that is to be copied.

    Raises:
        ApiError: the caller may not read it, or it cannot be copied.
    """
    dataset = find_dataset(session, name)
    then = time_travel.split(name.table, session.world.now_ms())
    table = living_table(session, dataset, then[0] if then else name.table)
    if then and (table is None or then[1] < table.created_ms):
        deleted = time_travel.deleted_table(session, dataset, name.table)
        table, then = (deleted, None) if deleted is not None else (table, then)
    if then and table is not None:
        time_travel.check(session, table, then[1])
    allowed = session.ctx.authz.allowed(session.principal, "bigquery.tables.getData", dataset)
    if not allowed and not (table is not None and table_grants(session, table, "bigquery.tables.getData")):
        raise refusals.may_not_query(name.ref, session.location)
    if table is None:
        raise refusals.no_table(name.ref)
    if table_kind.kind(table) not in table_kind.STORED:
        kind = table_kind.kind(table)
        raise refusals.invalid(f"{table.ref} is not allowed for this operation because it is currently a {kind}.")
    return table


def _mark(session: QuerySession, table: Table, source: Table, operation: str) -> None:
    made = dt.datetime.fromtimestamp(session.world.now_ms() / 1000, tz=dt.UTC).isoformat().replace("+00:00", "Z")
    if operation == "SNAPSHOT":
        table.kind = "SNAPSHOT"
        table.extra["snapshotDefinition"] = {"baseTableReference": tables.reference(source), "snapshotTime": made}
    elif operation == "CLONE":
        table.extra["cloneDefinition"] = {"baseTableReference": tables.reference(source), "cloneTime": made}


def _milliseconds(moment: str) -> str:
    try:
        return str(int(dt.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000))
    except ValueError as error:
        raise refusals.invalid(f"Invalid value for destinationExpirationTime: {moment}") from error
