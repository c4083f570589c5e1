"""Tables and views are created, changed and deleted here, whether over REST or in SQL.

https://cloud.google.com/bigquery/docs/reference/rest/v2/tables
"""

import re
from typing import Any

from sqlglot import exp

from kbq_tui.sandbox.bigquery import encryption, partitions, refusals, schema_change, table_kind
from kbq_tui.sandbox.bigquery.datasets import FREE_EXPIRATION_MS, keep, merge_labels, refuse_linked
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.query import describe, living_table, syntax_refusal, table_grants
from kbq_tui.sandbox.bigquery.syntax import parse_script
from kbq_tui.sandbox.bigquery.tokens import SqlError
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
_NAME = re.compile(r"[\w \-]{1,1024}")
_DELETED_ROWS = 50_000
"""The most rows that a deleted table may have to be copied back."""
_DELETED = 20
"""The most deleted tables of a dataset that can be copied back."""
_UNITS = ("HOUR", "DAY", "MONTH", "YEAR")
_CHANGES = ("bigquery.tables.update", "bigquery.tables.updateData", "bigquery.tables.delete")
_KEPT = ("rangePartitioning", "clustering", "requirePartitionFilter", "tableConstraints", "encryptionConfiguration",
         "resourceTags", "externalDataConfiguration")  # fmt: skip


def table_of(session: QuerySession, dataset: Dataset, table_id: str, permission: str) -> Table:
    """Find the table that a call names, and check that the caller has the permission on it.

    Raises:
        ApiError: it is not allowed (which hides whether the table exists), or the table does not exist.
    """
    name = table_id.removesuffix(partitions.SUFFIX)
    table = living_table(session, dataset, name)
    missing = Table(dataset.project_id, dataset.dataset_id, table_id)
    require(session, dataset, table or missing, permission)
    if table is None:
        raise refusals.no_table(missing.ref)
    return table if name == table_id else partitions.summary(session, table)


def require(session: QuerySession, dataset: Dataset, table: Table, permission: str) -> None:
    """Refuse unless the caller has a permission on a table, by the dataset, the project or the table's own policy.

    Raises:
        ApiError: 403.
    """
    if not session.ctx.authz.allowed(session.principal, permission, dataset) and not table_grants(
        session, table, permission
    ):
        raise refusals.table_permission(permission, table)
    if permission in _CHANGES:
        refuse_linked(dataset)


def resource(session: QuerySession, dataset: Dataset, table: Table, *, sized: bool = True) -> JSON:
    """The table as the API returns it; with its size only if `sized`."""
    body: JSON = {
        "kind": "bigquery#table",
        "etag": table.etag,
        "id": table.ref,
        "selfLink": (
            f"https://bigquery.googleapis.com/bigquery/v2/projects/{table.project_id}/datasets/{table.dataset_id}"
            f"/tables/{table.table_id}"
        ),
        "tableReference": reference(table),
        "type": table_kind.kind(table),
        "schema": {"fields": table_kind.tagged(table, dataset.location)},
        "creationTime": str(table.created_ms),
        "lastModifiedTime": str(table.modified_ms),
        "location": dataset.location,
    }
    kept = dict(table.extra)
    if table_kind.kind(table) == "EXTERNAL":
        kept["externalDataConfiguration"] = table_kind.external(table)
    rows, size = (0, 0)
    if sized and table_kind.kind(table) in table_kind.STORED:
        rows, size = session.engine.extent(table)
    body |= {"numRows": str(rows), "numBytes": str(size), "numLongTermBytes": "0", "numTotalLogicalBytes": str(size)}
    if table.kind == "MATERIALIZED_VIEW":
        # it is computed when it is read, so it is always up to date
        refresh = {
            "enableRefresh": True,
            "refreshIntervalMs": "1800000",
            "lastRefreshTime": str(session.world.now_ms()),
        }
        body["materializedView"] = refresh | kept.pop("materializedView", {}) | {"query": table.view_query}
    elif table.view_query is not None:
        body["view"] = {"query": table.view_query, "useLegacySql": False}
    for key, value in (
        ("labels", table.labels),
        ("description", table.description),
        ("friendlyName", table.friendly_name),
        ("expirationTime", str(table.expires_ms) if table.expires_ms is not None else ""),
    ):
        if value:
            body[key] = value
    return body | kept


def reference(table: Table) -> JSON:
    """The table's TableReference."""
    return {"projectId": table.project_id, "datasetId": table.dataset_id, "tableId": table.table_id}


def create(
    session: QuerySession,
    dataset: Dataset,
    table_id: str,
    *,
    schema: list[JSON],
    view_query: str | None = None,
    replace: bool = False,
    body: JSON | None = None,
) -> Table:
    """Create an empty table, or a view.

    Args:
        session: the caller's query.
        dataset: the dataset it belongs to.
        table_id: its name.
        schema: its columns; for a view, those of its query's result.
        view_query: the view's SELECT.
        replace: whether an existing table may be replaced.
        body: further fields of the API's Table: labels, description, friendlyName, expirationTime.

    Raises:
        ApiError: it is not allowed, exists already, or is not valid.
    """
    session.ctx.authz.require(session.principal, "bigquery.tables.create", dataset)
    refuse_linked(dataset)
    if not _NAME.fullmatch(table_id):
        raise refusals.invalid(
            f'Invalid table ID "{table_id}". Table IDs must be alphanumeric (plus underscores, dashes and spaces) and '
            "must be at most 1024 characters long."
        )
    present = living_table(session, dataset, table_id)
    if present is not None and not replace:
        raise refusals.exists("Table", present.ref)
    columns = schema_change.checked(schema)
    defaults = schema_change.defaults(session, columns) if view_query is None else {}
    if present is not None:
        remove(session, dataset, present, is_replaced=True)
    now = session.world.now_ms()
    table = Table(dataset.project_id, dataset.dataset_id, table_id, created_ms=now, schema=columns)
    body = dict(body or {})
    view_kind = "MATERIALIZED_VIEW" if body.get("materializedView") is not None else "VIEW"
    plain_kind = "EXTERNAL" if body.get("externalDataConfiguration") else "TABLE"
    table.kind = view_kind if view_query is not None else plain_kind
    table.view_query = view_query
    partitioning = body.get("timePartitioning")
    default_ms = dataset.default_partition_expiration_ms
    if not partitioning or default_ms is None:
        table.expires_ms = _default_expiration(session, dataset, now)
    elif partitioning.get("expirationMs") is None:
        # for such a table this default replaces that of tables (Dataset.defaultPartitionExpirationMs)
        body["timePartitioning"] = partitioning | {"expirationMs": str(default_ms)}
    project = session.world.projects[dataset.project_id]
    key = (body.get("encryptionConfiguration") or {}).get("kmsKeyName") or encryption.default_key(project, dataset)
    if key and view_query is None:
        encryption.require_key(session.ctx, project, str(key), "Encrypt")
        body["encryptionConfiguration"] = {"kmsKeyName": str(key)}
    _take(session, dataset, table, body)
    if view_query is None:
        session.engine.create(table, defaults)
    dataset.tables[table_id] = table
    session.world.touch(table)
    return table


def view_schema(session: QuerySession, query: str) -> list[JSON]:
    """The columns of a view's SELECT, which must run in the view's location.

    Raises:
        ApiError: the query is not valid, or reads what the caller may not read.
    """
    try:
        with session.world.lock.released():
            statements = parse_script(query)
    except SqlError as error:
        raise syntax_refusal(error) from error
    tree = statements[0].tree
    if len(statements) != 1 or not isinstance(tree, exp.Query):
        raise refusals.invalid_query("A view's query must be one SELECT statement")
    session.sql = query
    return describe(session, tree, defines_view=True)[1]


def change(session: QuerySession, dataset: Dataset, table: Table, body: JSON) -> None:
    """Change a table's labels, texts, expiration or view query, or add columns.

    Raises:
        ApiError: it is not allowed, or a column would be removed or change its type.
    """
    require(session, dataset, table, "bigquery.tables.update")
    view = body.get("view") or {}
    if view and table.view_query is not None:
        table.schema = view_schema(session, str(view["query"]))
        table.view_query = str(view["query"])
    elif body.get("schema") and table.view_query is None:
        schema_change.replace(session, table, body["schema"].get("fields") or [])
    _take(session, dataset, table, body)
    session.world.touch(table)


def remove(session: QuerySession, dataset: Dataset, table: Table, *, is_replaced: bool = False) -> None:
    """Delete a table or view. Unless it is replaced, a table can be copied back for a while.

    Raises:
        ApiError: it is not allowed.
    """
    require(session, dataset, table, "bigquery.tables.delete")
    del dataset.tables[table.table_id]
    if is_replaced or table.view_query is not None or table.traits or session.engine.count(table) > _DELETED_ROWS:
        session.engine.drop(table)
        return
    now = session.world.now_ms()
    session.engine.rename(table, f"{table.table_id}@{now}-{len(dataset.deleted)}")
    dataset.deleted.append((now, table))
    while len(dataset.deleted) > _DELETED:
        session.engine.drop(dataset.deleted.pop(0)[1])


def _take(session: QuerySession, dataset: Dataset, table: Table, body: JSON) -> None:
    labels = merge_labels(table.labels, body["labels"]) if "labels" in body else table.labels
    expires = table.expires_ms
    if "expirationTime" in body:
        given = body["expirationTime"]
        expires = int(given) if given is not None else None
        if expires is not None and expires <= session.world.now_ms():
            raise refusals.invalid(f"Invalid expiration time {expires}: it must be in the future")
        free = session.world.now_ms() + FREE_EXPIRATION_MS
        if not session.world.projects[dataset.project_id].billing and (expires is None or expires > free):
            raise refusals.no_billing("The table expiration time must be less than 60 days.")
    partitioning = _partitioning(table, body)
    table.labels = labels
    table.expires_ms = expires
    if partitioning is not None:
        table.extra["timePartitioning"] = partitioning
    keep(table.extra, body, _KEPT)
    if body.get("materializedView"):
        given = {key: value for key, value in body["materializedView"].items() if key != "query"}
        table.extra["materializedView"] = table.extra.get("materializedView", {}) | given
    if "description" in body:
        table.description = str(body["description"] or "")
    if "friendlyName" in body:
        table.friendly_name = str(body["friendlyName"] or "")


def _partitioning(table: Table, body: JSON) -> JSON | None:
    """The new ``timePartitioning``; None to leave it. Only the expiration of an existing one can change.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TimePartitioning
    """
    given: JSON = body.get("timePartitioning") or {}
    if not given:
        return None
    wanted: JSON = table.extra.get("timePartitioning", {}) | given
    if wanted.get("type") not in _UNITS:
        raise refusals.invalid(f"Invalid value for timePartitioning.type: {wanted.get('type')} is not a valid value")
    column = wanted.get("field")
    types = [f["type"] for f in table.schema if column and f["name"].lower() == str(column).lower()]
    if column and not (types and types[0] in ("DATE", "TIMESTAMP", "DATETIME")):
        raise refusals.invalid(
            f"The field specified for partitioning can only be of type TIMESTAMP, DATE or DATETIME: {column}"
        )
    if wanted.get("expirationMs") in (None, "", 0, "0"):
        wanted.pop("expirationMs", None)
    else:
        wanted["expirationMs"] = str(wanted["expirationMs"])
    return wanted


def _default_expiration(session: QuerySession, dataset: Dataset, now: int) -> int | None:
    life = dataset.default_table_expiration_ms
    if not session.world.projects[dataset.project_id].billing:
        life = min(life or FREE_EXPIRATION_MS, FREE_EXPIRATION_MS)
    return now + life if life is not None else None
