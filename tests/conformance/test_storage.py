"""Rows read through the Storage API: of tables, and of the results of queries, as `to_arrow` and `to_dataframe` do it.

Those two need pyarrow, so the sessions are created here as google-cloud-bigquery creates them.
"""

import grpc
import pytest
from google.cloud import bigquery
from google.oauth2 import service_account

from tests.support import arrow


@pytest.fixture(scope="module")
def reader(sandbox):
    scope = "https://www.googleapis.com/auth/cloud-platform"
    credentials = service_account.Credentials.from_service_account_file(str(sandbox.key_file), scopes=[scope])
    opened: grpc.Channel = arrow.channel(sandbox.grpc_address, credentials)
    yield arrow.client(opened)
    opened.close()


def path(table):
    return f"{table.project}.{table.dataset_id}.{table.table_id}"


def test_a_table_is_read(client, reader, table_id):
    fields = [bigquery.SchemaField("n", "INTEGER"), bigquery.SchemaField("words", "STRING", mode="REPEATED")]
    table = client.create_table(bigquery.Table(table_id, fields))
    client.insert_rows(table, [(1, ["a", "b"]), (2, [])])
    found = arrow.session(reader, table_id)
    assert arrow.rows(reader, found) == [{"n": 1, "words": ["a", "b"]}, {"n": 2, "words": []}]
    assert arrow.rows(reader, found) == [dict(row.items()) for row in client.list_rows(table)]


def test_the_result_of_a_query_is_read_from_its_anonymous_table(client, reader):
    job = client.query("SELECT x, STRUCT(x * 2 AS twice) AS s FROM UNNEST([1, 2, 3]) AS x ORDER BY x DESC")
    job.result()
    found = arrow.session(reader, path(job.destination), streams=1)
    assert arrow.rows(reader, found) == [{"x": x, "s": {"twice": 2 * x}} for x in (3, 2, 1)]


def test_a_result_without_rows_has_columns(client, reader):
    job = client.query("SELECT 1 AS a, 'x' AS b FROM UNNEST([1]) AS x WHERE x > 1")
    job.result()
    found = arrow.session(reader, path(job.destination))
    assert (list(found.streams), arrow.columns(found)) == ([], ["a", "b"])


def test_columns_are_selected_and_rows_restricted(client, reader, table_id):
    client.query_and_wait(
        f"CREATE TABLE `{table_id}` AS SELECT x AS a, x * x AS b, 'c' AS c FROM UNNEST([1, 2, 3]) AS x"
    )
    found = arrow.session(reader, table_id, selected_fields=["c", "b"], row_restriction="a >= 2")
    assert arrow.rows(reader, found) == [{"b": 4, "c": "c"}, {"b": 9, "c": "c"}]


def test_public_data_is_read_in_the_callers_own_project(sandbox, reader):
    table = "bigquery-public-data.usa_names.usa_1910_2013"
    found = arrow.session(reader, table, sandbox.project, selected_fields=["name", "state"])
    assert found.name.startswith(f"projects/{sandbox.project}/")
    first = arrow.rows(reader, found)[0]
    assert sorted(first) == ["name", "state"]
