"""Views of INFORMATION_SCHEMA over the tables of a dataset, and its ``__TABLES__``.

https://cloud.google.com/bigquery/docs/information-schema-tables
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kbq_tui.sandbox.bigquery import fields, partitions, table_kind
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.resources import Dataset, Project, Table

JSON = dict[str, Any]
_TABLE = "table_catalog STRING, table_schema STRING, table_name STRING"
TABLE_OPTIONS = fields.columns(f"{_TABLE}, option_name STRING, option_type STRING, option_value STRING")
VIEW_TEXTS = fields.columns(f"{_TABLE}, view_definition STRING, check_option STRING, use_standard_sql STRING")
MATERIALIZED_VIEWS = fields.columns(
    f"{_TABLE}, last_refresh_time TIMESTAMP, refresh_watermark TIMESTAMP, last_refresh_status JSON"
)
COLUMN_FIELD_PATHS = fields.columns(
    f"{_TABLE}, column_name STRING, field_path STRING, data_type STRING, description STRING, collation_name STRING, "
    "rounding_mode STRING, policy_tags STRING[]"
)
PARTITIONS = fields.columns(
    f"{_TABLE}, partition_id STRING, total_rows INT64, total_logical_bytes INT64, total_billable_bytes INT64, "
    "last_modified_time TIMESTAMP, storage_tier STRING"
)
TABLES = fields.columns(
    "table_catalog STRING, table_schema STRING, table_name STRING, table_type STRING, managed_table_type STRING, "
    "is_insertable_into STRING, is_fine_grained_mutations_enabled STRING, is_typed STRING, "
    "is_change_history_enabled STRING, creation_time TIMESTAMP, base_table_catalog STRING, base_table_schema STRING, "
    "base_table_name STRING, snapshot_time_ms TIMESTAMP, ddl STRING, default_collation_name STRING"
)
COLUMNS = fields.columns(
    "table_catalog STRING, table_schema STRING, table_name STRING, column_name STRING, ordinal_position INT64, "
    "is_nullable STRING, data_type STRING, is_generated STRING, generation_expression STRING, is_stored STRING, "
    "is_hidden STRING, is_updatable STRING, is_system_defined STRING, is_partitioning_column STRING, "
    "clustering_ordinal_position INT64, collation_name STRING, column_default STRING, rounding_mode STRING, "
    "policy_tags STRING[]"
)
META_TABLES = fields.columns(
    "project_id STRING, dataset_id STRING, table_id STRING, creation_time INT64, last_modified_time INT64, "
    "row_count INT64, size_bytes INT64, type INT64"
)


def _each(datasets: list[Dataset]) -> Iterator[tuple[tuple[str, str, str], Table]]:
    for dataset in datasets:
        for table in dataset.tables.values():
            yield (dataset.project_id, dataset.dataset_id, table.table_id), table


def time_of(milliseconds: int) -> dt.datetime:
    """A time of the world's clock, in milliseconds, as a datetime."""
    return dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)


def _tables(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        can_insert = "YES" if table_kind.kind(table) == "TABLE" else "NO"
        yield (
            *name, _type(table), None, can_insert, "NO", "NO", "NO", time_of(table.created_ms), *_base(table),
            _ddl(table), None,
        )  # fmt: skip


def _type(table: Table) -> str:
    """``table_type``, which distinguishes clones from other tables."""
    kind = table_kind.kind(table)
    if kind == "TABLE":
        return "CLONE" if "cloneDefinition" in table.extra else "BASE TABLE"
    return kind.replace("_", " ")


def _base(table: Table) -> tuple[str | None, str | None, str | None, str | None]:
    """The table that a clone or snapshot was made from, and the time."""
    for kind in ("clone", "snapshot"):
        definition: JSON = table.extra.get(f"{kind}Definition") or {}
        if definition:
            of = definition["baseTableReference"]
            return of["projectId"], of["datasetId"], of["tableId"], definition[f"{kind}Time"]
    return None, None, None, None


def _meta_tables(session: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    """``dataset.__TABLES__``: rows and bytes, which no other view has here. Types: 1 table, 2 view, 3 external."""
    for name, t in _each(datasets):
        stored = table_kind.kind(t) in table_kind.STORED
        rows, size = session.engine.extent(t) if stored else (0, 0)
        kind = 2 if t.view_query is not None else 1 if stored else 3
        yield (*name, t.created_ms, t.modified_ms, rows, size, kind)


_DDL = {"MATERIALIZED_VIEW": "MATERIALIZED VIEW", "EXTERNAL": "EXTERNAL TABLE", "SNAPSHOT": "SNAPSHOT TABLE"}


def _ddl(table: Table) -> str:
    path = f"`{table.project_id}.{table.dataset_id}.{table.table_id}`"
    kind = table_kind.kind(table)
    word = _DDL.get(kind, kind)
    if table.view_query is not None:
        return f"CREATE {word} {path}\nAS {table.view_query};"
    if kind == "SNAPSHOT":
        return f"CREATE {word} {path}\nCLONE `{'.'.join(map(str, _base(table)[:3]))}`;"
    columns = ",\n".join(
        f"  {f['name']} {fields.sql_type(f)}" + (" NOT NULL" if f.get("mode") == "REQUIRED" else "")
        for f in table.schema
    )
    return f"CREATE {word} {path}\n(\n{columns}\n);"


def _columns_of(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for dataset in datasets:
        for table in dataset.tables.values():
            clustered = [str(c).lower() for c in (table.extra.get("clustering") or {}).get("fields") or []]
            partitioned = partitions.column_of(table).lower()
            for position, f in enumerate(table_kind.tagged(table, dataset.location), start=1):
                nullable = "NO" if f.get("mode") == "REQUIRED" else "YES"
                name = f["name"].lower()
                yield (
                    dataset.project_id, dataset.dataset_id, table.table_id, f["name"], position, nullable,
                    fields.sql_type(f), "NEVER", None, None, "NO", None, "NO", "YES" if name == partitioned else "NO",
                    clustered.index(name) + 1 if name in clustered else None, "NULL",
                    f.get("defaultValueExpression", "NULL"), None, (f.get("policyTags") or {}).get("names", []),
                )  # fmt: skip


def _table_options(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        yield from ((*name, *option) for option in _options(table))


def _options(table: Table) -> Iterator[tuple[str, str, str]]:
    """The options of a table that are set, as name, type and SQL.

    https://cloud.google.com/bigquery/docs/information-schema-table-options#options_table
    """
    labels = ", ".join(f"STRUCT({json.dumps(k)}, {json.dumps(v)})" for k, v in table.labels.items())
    partitioning: JSON = table.extra.get("timePartitioning") or {}
    view: JSON = table.extra.get("materializedView") or {}
    key = (table.extra.get("encryptionConfiguration") or {}).get("kmsKeyName")
    expires = time_of(table.expires_ms).isoformat(timespec="milliseconds") if table.expires_ms is not None else ""
    life = partitioning.get("expirationMs")
    demanded = table.extra.get("requirePartitionFilter") or partitioning.get("requirePartitionFilter")
    external = table_kind.external(table) if table_kind.kind(table) == "EXTERNAL" else {}
    for option, kind, value in (
        ("expiration_timestamp", "TIMESTAMP", expires and f'TIMESTAMP "{expires.replace("+00:00", "Z")}"'),
        ("partition_expiration_days", "FLOAT64", life and str(int(life) / 86_400_000)),
        ("require_partition_filter", "BOOL", "true" if demanded in (True, "true") else ""),
        ("kms_key_name", "STRING", key and json.dumps(key)),
        ("friendly_name", "STRING", table.friendly_name and json.dumps(table.friendly_name)),
        ("description", "STRING", table.description and json.dumps(table.description)),
        ("labels", "ARRAY<STRUCT<STRING, STRING>>", labels and f"[{labels}]"),
        ("enable_refresh", "BOOL", view and str(bool(view.get("enableRefresh", True))).lower()),
        ("format", "STRING", external and json.dumps(external.get("sourceFormat"))),
        ("uris", "ARRAY<STRING>", external and json.dumps(external.get("sourceUris"))),
    ):
        if value:
            yield option, kind, value


def _partitions(session: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        if table_kind.kind(table) not in table_kind.STORED:
            continue
        for partition, rows, size in partitions.sizes(session, table):
            yield (*name, partition, rows, size, size, time_of(table.modified_ms), "ACTIVE")


def _views(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        if table.kind == "VIEW":
            yield (*name, table.view_query, None, "YES")


def _materialized(session: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    """They are computed when they are read, so they are always up to date."""
    for name, table in _each(datasets):
        if table.kind == "MATERIALIZED_VIEW":
            now = time_of(session.world.now_ms())
            yield (*name, now, now, None)


def _field_paths(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    locations = {dataset.dataset_id: dataset.location for dataset in datasets}
    for name, table in _each(datasets):
        for column in table_kind.tagged(table, locations[table.dataset_id]):
            for path, field in _paths(column, column["name"]):
                tags = (field.get("policyTags") or {}).get("names", [])
                kind = fields.sql_type(field)
                yield (*name, column["name"], path, kind, field.get("description"), None, None, tags)


def _paths(field: Field, path: str) -> Iterator[tuple[str, Field]]:
    yield path, field
    for inner in field.get("fields", []):
        yield from _paths(inner, f"{path}.{inner['name']}")


_View = tuple[list[Field], str, Callable[[QuerySession, Project, list[Dataset]], Iterable[Row]]]
VIEWS: dict[str, _View] = {
    "TABLES": (TABLES, "bigquery.tables.list", _tables),
    "COLUMNS": (COLUMNS, "bigquery.tables.list", _columns_of),
    "__TABLES__": (META_TABLES, "bigquery.tables.list", _meta_tables),
    "PARTITIONS": (PARTITIONS, "bigquery.tables.list", _partitions),
    "TABLE_OPTIONS": (TABLE_OPTIONS, "bigquery.tables.get", _table_options),
    "VIEWS": (VIEW_TEXTS, "bigquery.tables.get", _views),
    "MATERIALIZED_VIEWS": (MATERIALIZED_VIEWS, "bigquery.tables.get", _materialized),
    "COLUMN_FIELD_PATHS": (COLUMN_FIELD_PATHS, "bigquery.tables.get", _field_paths),
}
