"""The Storage Read API: sessions that read one table, or some of its columns and rows, as Arrow.

A session reads the rows as they were when it was created, which are copied then.

https://cloud.google.com/bigquery/docs/reference/storage
"""

import datetime as dt
import re
import secrets
from dataclasses import dataclass, replace
from typing import Any

import duckdb
from sqlglot import exp

from kbq_tui.sandbox.bigquery import arrow, datasets, query, refusals, time_travel
from kbq_tui.sandbox.bigquery.engine import Engine, engine_of
from kbq_tui.sandbox.bigquery.fields import Field
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.bigquery.syntax import parse_script
from kbq_tui.sandbox.bigquery.table_kind import STORED, kind
from kbq_tui.sandbox.bigquery.tokens import SqlError
from kbq_tui.sandbox.context import Call
from kbq_tui.sandbox.errors import ApiError
from kbq_tui.sandbox.resources import Dataset, Table

JSON = dict[str, Any]
_TABLE = re.compile(r"projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)")
_LIFE = 6 * 3600
"""Seconds after which a session ends (https://cloud.google.com/bigquery/docs/reference/storage#create_a_session)."""
_MOST = 32
"""The number of sessions whose rows are kept; the oldest one ends early when there is another."""
_CLAUSES = {"expressions", "from_", "from", "where"}
_UNSERVED = {
    "samplePercentage": "sample_percentage",
    "avroSerializationOptions": "avro_serialization_options",
    "responseCompressionCodec": "response_compression_codec",
}


@dataclass(frozen=True)
class ReadSession:
    """A session, and the copy of the rows that it reads.

    Args:
        name: ``projects/P/locations/L/sessions/S``.
        project: id of the project that it was created in.
        columns: the columns.
        rows: the number of rows.
        copy: the name of the copy in DuckDB.
        expires: epoch seconds.
    """

    name: str
    project: str
    columns: list[Field]
    rows: int
    copy: str
    expires: float

    @property
    def stream(self) -> str:
        """The name of its only stream."""
        return f"{self.name}/streams/0"


@dataclass(frozen=True)
class StreamRows:
    """The rows of a stream from some row on.

    Args:
        schema: the Arrow message with the schema.
        batches: the Arrow message of each record batch, and the number of its rows.
        first: the number of the first row.
        total: the number of rows of the whole stream.
    """

    schema: bytes
    batches: list[tuple[bytes, int]]
    first: int
    total: int


def create(call: Call) -> tuple[ReadSession, bytes, JSON]:
    """``CreateReadSession``: one stream, or none if there are no rows.

    Returns:
        The session, the Arrow message with its schema, and the rest of the answer as JSON.

    Raises:
        ApiError: the request is refused.
    """
    try:
        return _create(call)
    except ApiError as error:
        raise replace(error, message=f"request failed: {error.message}", details=[]) from error


def _create(call: Call) -> tuple[ReadSession, bytes, JSON]:
    wanted: JSON = call.body.get("readSession") or {}
    options: JSON = wanted.get("readOptions") or {}
    project = datasets.project_of(call.ctx, call.params.get("project", ""))
    if not call.ctx.authz.allowed(call.principal, "bigquery.readsessions.create", project):
        raise _missing("bigquery.readsessions.create", f"projects/{project.id}")
    _check_form(call.body, wanted, options)
    named = _TABLE.fullmatch(str(wanted.get("table", "")))
    if named is None:
        raise refusals.invalid("table must be in the form projects/{project}/datasets/{dataset}/tables/{table}")
    owner = datasets.project_of(call.ctx, named[1])
    dataset = datasets.dataset_of(call.ctx, owner, named[2])
    session = QuerySession(
        call.ctx, call.principal, project, location=dataset.location, explicit_location=True, left=call.left
    )
    table = _table(session, dataset, named[3])
    snapshot = (wanted.get("tableModifiers") or {}).get("snapshotTime")
    if snapshot:
        moment = dt.datetime.fromisoformat(snapshot.replace("Z", "+00:00"))
        time_travel.check(session, table, int(moment.timestamp() * 1000))
    columns = _selected(table.schema, [str(name) for name in options.get("selectedFields") or []])
    tree = _rows(session, table, columns, str(options.get("rowRestriction") or ""))
    sql, _, _ = query.describe(session, tree)
    try:
        copy = session.engine.keep(f"SELECT {arrow.select(columns)} FROM ({sql})", session.watch)  # noqa: S608
    except duckdb.Error as error:
        raise query.binding_error(session, tree, error) from error
    home = f"projects/{project.id}/locations/{dataset.location.lower()}"
    count = int(session.engine.execute(f"SELECT count(*) FROM {copy}").rows[0][0])  # noqa: S608
    expires = call.world.clock() + _LIFE
    made = ReadSession(f"{home}/sessions/{secrets.token_urlsafe(24)}", project.id, columns, count, copy, expires)
    _tidy(session.engine, call.world.clock())
    session.engine.reads[made.name] = made
    call.resource = made.name
    top = {f["name"].lower() for f in columns}
    size = session.engine.size(table, lambda name: name.lower() in top)
    answer = {
        "name": made.name,
        "expireTime": dt.datetime.fromtimestamp(expires, tz=dt.UTC).isoformat().replace("+00:00", "Z"),
        "dataFormat": "ARROW",
        "table": wanted["table"],
        "tableModifiers": wanted.get("tableModifiers") or {},
        "readOptions": options,
        "streams": [{"name": made.stream}] if count else [],
        "estimatedTotalBytesScanned": str(size),
        "estimatedRowCount": str(count),
        "traceId": str(wanted.get("traceId") or ""),
    }
    return made, arrow.ArrowWriter(columns).schema, answer


def read(call: Call) -> StreamRows:
    """``ReadRows``: the rows of a stream, from an offset on.

    Raises:
        ApiError: there is no such stream (any more), the caller may not read it, or the offset is beyond its end.
    """
    stream, first = str(call.body.get("readStream") or ""), int(call.body.get("offset") or 0)
    engine = engine_of(call.ctx)
    _tidy(engine, call.world.clock(), room=0)
    session: ReadSession | None = engine.reads.get(stream.partition("/streams/")[0])
    if session is None or stream != session.stream:
        raise ApiError(404, "NOT_FOUND", f"There is no read stream {stream}, or its session has ended.", "notFound")
    project = call.world.project(session.project)
    if project is None or not call.ctx.authz.allowed(call.principal, "bigquery.readsessions.getData", project):
        error = _missing("bigquery.readsessions.getData", stream)
        raise replace(error, message=f"there was an error operating on '{stream}': {error.message}")
    if first < 0:
        raise refusals.invalid("offset must not be negative")
    if first > session.rows:
        text = f"offset {first} has not been allocated yet"
        raise ApiError(400, "FAILED_PRECONDITION", text, "failedPrecondition")
    writer = arrow.ArrowWriter(session.columns)
    batches = writer.batches(lambda begin, end: engine.arrow(session.copy, begin, end), first, session.rows)
    try:
        return StreamRows(writer.schema, list(batches), first, session.rows)
    except duckdb.Error as error:
        raise refusals.invalid(f"Not supported here: {str(error).splitlines()[0]}") from error


def split(call: Call) -> None:
    """``SplitReadStream``: not served, for a session has one stream.

    Raises:
        ApiError: always.
    """
    text = "SplitReadStream is not supported by the sandbox, whose sessions have one stream."
    raise ApiError(501, "UNIMPLEMENTED", text, "notImplemented")


def _check_form(body: JSON, wanted: JSON, options: JSON) -> None:
    """Refuse what Google refuses, and what only the sandbox does not serve.

    Raises:
        ApiError: something of either is asked for.
    """
    form = str(wanted.get("dataFormat", "DATA_FORMAT_UNSPECIFIED"))
    if form == "DATA_FORMAT_UNSPECIFIED":
        raise refusals.invalid("data format unspecified")
    if form != "ARROW":
        text = f"The data format {form} is not supported by the sandbox: ask for ARROW."
        raise ApiError(501, "UNIMPLEMENTED", text, "notImplemented")
    if int(body.get("maxStreamCount") or 0) < 0:
        raise refusals.invalid("max_stream_count must not be negative")
    for key, name in _UNSERVED.items():
        if options.get(key):
            raise refusals.invalid(f"{name} is not supported by the sandbox")
    precision = str((options.get("arrowSerializationOptions") or {}).get("picosTimestampPrecision", ""))
    if precision.endswith(("NANOS", "PICOS")):
        raise refusals.invalid("Timestamps finer than a microsecond are not supported by the sandbox")


def _table(session: QuerySession, dataset: Dataset, table_id: str) -> Table:
    """The table, which must be one whose rows BigQuery stores.

    Raises:
        ApiError: the caller may not read it, it does not exist, or it is a view or an external table.
    """
    table = query.living_table(session, dataset, table_id)
    allowed = session.ctx.authz.allowed(session.principal, "bigquery.tables.getData", dataset)
    if not allowed and not (table is not None and query.table_grants(session, table, "bigquery.tables.getData")):
        place = f"projects/{dataset.project_id}/datasets/{dataset.dataset_id}/tables/{table_id}"
        raise _missing("bigquery.tables.getData", place)
    if table is None:
        raise refusals.no_table(f"{dataset.ref}.{table_id}")
    if table.view_query is not None or kind(table) not in STORED:
        raise refusals.invalid("non-table entities cannot be read with the storage API")
    if not table.schema:
        raise refusals.invalid(f"Table {table.ref} does not have a schema.")
    return table


def _selected(schema: list[Field], names: list[str]) -> list[Field]:
    """The columns of these names, in the schema's order; all if none is named. ``a.b`` is a member of a structure.

    Raises:
        ApiError: there is no such column.
    """
    if not names:
        return schema
    missing = [name for name in names if not _exists(schema, name.lower().split("."))]
    if missing:
        text = ", ".join(missing)
        raise refusals.invalid(f"The following selected fields do not exist in the table schema: {text}")
    return _pruned(schema, {name.lower() for name in names}, "")


def _exists(schema: list[Field], path: list[str]) -> bool:
    found = next((f for f in schema if f["name"].lower() == path[0]), None)
    return found is not None and (len(path) == 1 or _exists(found.get("fields") or [], path[1:]))


def _pruned(schema: list[Field], names: set[str], before: str) -> list[Field]:
    kept: list[Field] = []
    for field in schema:
        path = before + field["name"].lower()
        if path in names:
            kept.append(field)
        elif any(name.startswith(f"{path}.") for name in names):
            kept.append(field | {"fields": _pruned(field["fields"], names, f"{path}.")})
    return kept


def _rows(session: QuerySession, table: Table, columns: list[Field], restriction: str) -> exp.Select:
    """A query of the rows and columns, so that keys, policy tags, row access policies and demanded partition filters
    count as they do for queries.

    Raises:
        ApiError: the restriction is not one expression over the table's columns.
    """
    place = ".".join(f"`{part}`" for part in (table.project_id, table.dataset_id, table.table_id))
    shown = ", ".join(f"`{f['name']}`" for f in columns)
    where = f" WHERE (\n{restriction}\n)" if restriction else ""
    session.sql = f"SELECT {shown} FROM {place}{where}"  # noqa: S608
    try:
        statements = parse_script(session.sql)
    except SqlError as error:
        raise query.syntax_refusal(error) from error
    tree = statements[0].tree
    if not isinstance(tree, exp.Select) or len(statements) != 1 or _clauses(tree) - _CLAUSES:
        raise refusals.invalid(f"row_restriction is not one expression: {restriction}")
    condition = tree.args.get("where")
    if condition is not None and condition.find(exp.Query, exp.AggFunc, exp.Window):
        raise refusals.invalid(f"row_restriction takes no subqueries, aggregate and window functions: {restriction}")
    return tree


def _clauses(tree: exp.Select) -> set[str]:
    return {key for key, value in tree.args.items() if value}


def _missing(permission: str, resource: str) -> ApiError:
    text = f"the user does not have '{permission}' permission for '{resource}'"
    return ApiError(403, "PERMISSION_DENIED", text, "accessDenied")


def _tidy(engine: Engine, now: float, room: int = 1) -> None:
    """End the sessions that have expired, and the oldest ones if there is no room for `room` more."""
    names = list(engine.reads)
    ended = {name for name in names if engine.reads[name].expires <= now}
    left = [name for name in names if name not in ended]
    for name in ended.union(left[: max(0, len(left) + room - _MOST)]):
        engine.forget(engine.reads.pop(name).copy)
