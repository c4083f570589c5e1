"""Views of INFORMATION_SCHEMA that tools which document a warehouse ask for (dbt, for one).

https://cloud.google.com/bigquery/docs/information-schema-tables
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kbq_tui.sandbox.bigquery import fields
from kbq_tui.sandbox.bigquery.fields import Field, Row
from kbq_tui.sandbox.bigquery.names import QuerySession
from kbq_tui.sandbox.world import Dataset, Project, Table

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


def _each(datasets: list[Dataset]) -> Iterator[tuple[tuple[str, str, str], Table]]:
    for dataset in datasets:
        for table in dataset.tables.values():
            yield (dataset.project_id, dataset.dataset_id, table.table_id), table


def _table_options(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        labels = ", ".join(f"STRUCT({json.dumps(k)}, {json.dumps(v)})" for k, v in table.labels.items())
        for option, kind, value in (
            ("description", "STRING", json.dumps(table.description) if table.description else ""),
            ("friendly_name", "STRING", json.dumps(table.friendly_name) if table.friendly_name else ""),
            ("labels", "ARRAY<STRUCT<STRING, STRING>>", f"[{labels}]" if labels else ""),
        ):
            if value:
                yield (*name, option, kind, value)


def _views(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        if table.view_query is not None:
            yield (*name, table.view_query, None, "YES")


def _materialized(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    """None: the sandbox makes no materialized views."""
    return ()


def _field_paths(_: QuerySession, project: Project, datasets: list[Dataset]) -> Iterable[Row]:
    for name, table in _each(datasets):
        for column in table.schema:
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
    "TABLE_OPTIONS": (TABLE_OPTIONS, "bigquery.tables.get", _table_options),
    "VIEWS": (VIEW_TEXTS, "bigquery.tables.get", _views),
    "MATERIALIZED_VIEWS": (MATERIALIZED_VIEWS, "bigquery.tables.get", _materialized),
    "COLUMN_FIELD_PATHS": (COLUMN_FIELD_PATHS, "bigquery.tables.get", _field_paths),
}
