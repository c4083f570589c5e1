"""``CREATE TABLE ... CLONE|COPY|LIKE`` and ``CREATE SNAPSHOT TABLE``.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#create_snapshot_table
"""

import copy
from typing import Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import copy_job, options, refusals, tables, time_travel
from kbq_tui.sandbox.bigquery.names import QuerySession, ResolvedName, find_dataset, table_name
from kbq_tui.sandbox.bigquery.outcome import StatementResult
from kbq_tui.sandbox.bigquery.own_statements import TableCopy
from kbq_tui.sandbox.bigquery.query import constant, living_table
from kbq_tui.sandbox.bigquery.syntax import parse_script
from kbq_tui.sandbox.resources import Dataset

JSON = dict[str, Any]
_KEPT = ("timePartitioning", "rangePartitioning", "clustering", "requirePartitionFilter")


def run(session: QuerySession, tree: TableCopy) -> StatementResult:
    """Create a table from another one.

    Raises:
        ApiError: it is not allowed, the source does not exist, or the new table exists already.
    """
    name = table_name(session, tree.path)
    dataset = find_dataset(session, name)
    kind = "CREATE_SNAPSHOT_TABLE" if tree.operation == "SNAPSHOT" else "CREATE_TABLE"
    outcome = StatementResult(kind, operation="CREATE", target={"ddlTargetTable": _reference(name)})
    session.ctx.authz.require(session.principal, "bigquery.tables.create", dataset)
    present = living_table(session, dataset, name.table)
    if present is not None and tree.if_not_exists:
        outcome.operation = "SKIP"
        return outcome
    if present is not None and not tree.replace:
        raise refusals.exists("Table", present.ref)
    given = _options(session, tree)
    source = table_name(session, tree.source)
    if tree.moment:
        at = time_travel.moment_of(session, constant(session, tree.moment))
        source = ResolvedName(source.project, source.dataset, f"{source.table}@{at}")
    if present is not None:
        outcome.operation = "REPLACE"
    if tree.operation == "LIKE":
        _like(session, dataset, name, source, given, replace=tree.replace)
        return outcome
    copy_job.readable(session, source)
    if session.dry_run:
        return outcome
    if present is not None:
        tables.remove(session, dataset, present, is_replaced=True)
    config = {"sourceTable": _reference(source), "destinationTable": _reference(name), "operationType": tree.operation}
    copy_job.run(session, config)
    made = living_table(session, dataset, name.table)
    if given and made is not None:
        tables.change(session, dataset, made, given)
    return outcome


def _like(
    session: QuerySession, dataset: Dataset, name: ResolvedName, source: ResolvedName, given: JSON, *, replace: bool
) -> None:
    """Create an empty table with the columns and partitioning of another."""
    of = tables.table_of(session, find_dataset(session, source), source.table, "bigquery.tables.get")
    body = {key: copy.deepcopy(of.extra[key]) for key in _KEPT if key in of.extra} | given
    if not session.dry_run:
        tables.create(session, dataset, name.table, schema=copy.deepcopy(of.schema), replace=replace, body=body)


def _options(session: QuerySession, tree: TableCopy) -> JSON:
    if not tree.options:
        return {}
    written = parse_script(f"CREATE TABLE `d.t` (a INT64) {tree.options}")[0].tree
    if not isinstance(written, exp.Create):
        raise refusals.invalid_query("Syntax error: Expected OPTIONS")
    return options.for_table(options.read(session, written))


def _reference(name: ResolvedName) -> JSON:
    return {"projectId": name.project, "datasetId": name.dataset, "tableId": name.table}
