"""What SQLAlchemy, ibis, dbt and pandas-gbq send beyond google-cloud-bigquery's own tests, without these libraries."""

import pytest
from google.api_core import exceptions


def test_a_column_is_called_by_the_path_of_its_table(client, rows, dataset, table_id, name):
    path = f"{dataset.dataset_id}.{name}"
    client.query_and_wait(f"CREATE TABLE `{path}` (id INT64, name STRING)")
    client.query_and_wait(f"INSERT INTO `{path}` VALUES (1, 'x'), (2, 'y')")
    client.query_and_wait(f"UPDATE `{path}` SET name = 'z' WHERE `{path}`.`id` = 2")
    client.query_and_wait(f"DELETE FROM `{path}` WHERE `{path}`.`id` = 1")
    assert rows(f"SELECT `{path}`.`id`, `{path}`.`name` FROM `{path}` ORDER BY `{path}`.`id`") == [(2, "z")]
    assert rows(f"SELECT `{table_id}`.name FROM `{table_id}`") == [("z",)]


def test_tables_are_made_beside_the_results_of_queries(client, rows):
    hidden = client.query("SELECT 1").result()._table.dataset_id
    client.query_and_wait(f"CREATE TABLE `{hidden}.mine` AS SELECT 1 AS id")
    assert rows(f"SELECT id FROM `{client.project}`.`{hidden}`.`mine`") == [(1,)]


def test_columns_are_added_and_dropped_in_sql_and_options_may_be_none(client, rows, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id, 'x' AS name")
    client.query_and_wait(f"ALTER TABLE `{table_id}` SET OPTIONS()")
    added = "ADD COLUMN n NUMERIC(5, 2) OPTIONS(description='N'), ADD COLUMN IF NOT EXISTS id INT64"
    client.query_and_wait(f"ALTER TABLE `{table_id}` {added}")
    client.query_and_wait(f"ALTER TABLE `{table_id}` DROP COLUMN name, DROP COLUMN IF EXISTS never")
    found = [(f.name, f.field_type, f.description) for f in client.get_table(table_id).schema]
    assert found == [("id", "INTEGER", None), ("n", "NUMERIC", "N")]
    assert rows(f"SELECT * FROM `{table_id}`") == [(1, None)]
    for change in ("ADD COLUMN id INT64", "DROP COLUMN never", "ADD COLUMN x INT64 NOT NULL"):
        with pytest.raises(exceptions.BadRequest):
            client.query_and_wait(f"ALTER TABLE `{table_id}` {change}")


def test_a_dataset_lists_views_options_and_paths_of_fields(client, rows, table_id, dataset, name):
    client.query_and_wait(
        f"CREATE TABLE `{table_id}` (r STRUCT<a INT64, b STRING>) OPTIONS(description='D', labels=[('k', 'v')])"
    )
    client.query_and_wait(f"CREATE VIEW `{table_id}_view` AS SELECT r.a FROM `{table_id}`")
    schema = f"{dataset.dataset_id}.INFORMATION_SCHEMA"

    def told(columns, view):
        where = f"WHERE STARTS_WITH(table_name, '{name}') ORDER BY 1"
        return rows(f"SELECT {columns} FROM {schema}.{view} {where}")

    assert told("option_name, option_value", "TABLE_OPTIONS") == [
        ("description", '"D"'),
        ("labels", '[STRUCT("k", "v")]'),
    ]
    assert told("field_path, data_type", "COLUMN_FIELD_PATHS") == [
        ("a", "INT64"), ("r", "STRUCT<a INT64, b STRING>"), ("r.a", "INT64"), ("r.b", "STRING")
    ]  # fmt: skip
    assert [row[0] for row in told("table_name", "VIEWS")] == [f"{name}_view"]
    assert told("table_name", "MATERIALIZED_VIEWS") == []
