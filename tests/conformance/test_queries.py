"""Queries: results, destinations, parameters, dry runs, scripts, sessions, errors."""

import datetime as dt
import decimal

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import (
    ArrayQueryParameter,
    RangeQueryParameter,
    ScalarQueryParameter,
    StructQueryParameter,
)
from google.cloud.bigquery.enums import QueryApiMethod, TimestampPrecision

NAIVE = dt.datetime(2016, 12, 5, 12, 41, 9, 62500)
METHODS = [QueryApiMethod.INSERT, QueryApiMethod.QUERY]
Config = bigquery.QueryJobConfig

PARAMETERS = [
    ("STRING", 'What\'s the "question"?'),
    ("INT64", -42),
    ("FLOAT64", 3.1415926),
    ("NUMERIC", decimal.Decimal("3.141592654")),
    ("BIGNUMERIC", decimal.Decimal("3.1415926535897932384")),
    ("BOOL", True),
    ("BYTES", b"DEAD\x00BEEF"),
    ("DATETIME", NAIVE),
    ("DATE", NAIVE.date()),
    ("TIME", NAIVE.time()),
    ("TIMESTAMP", NAIVE.replace(tzinfo=dt.UTC)),
    ("JSON", {"alpha": "abc", "num": [1, 2, 3]}),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "value"), PARAMETERS)
def test_a_parameter_is_the_value_that_was_given(client, method, kind, value):
    for sql, name in (("SELECT @p", "p"), ("SELECT ?", None)):
        config = Config(query_parameters=[ScalarQueryParameter(name, kind, value)])
        assert [row.values() for row in client.query(sql, config, api_method=method).result()] == [(value,)]


@pytest.mark.parametrize("kind", [kind for kind, _ in PARAMETERS])
def test_a_parameter_may_be_null(rows, kind):
    assert rows("SELECT @p, @p IS NULL", ScalarQueryParameter("p", kind, None)) == [(None, True)]


def test_parameters_of_several_values(rows):
    person = [ScalarQueryParameter("name", "STRING", "Phred"), ScalarQueryParameter("age", "INT64", 32)]
    record = {"name": "Phred", "age": 32}
    assert rows("SELECT @p", ArrayQueryParameter("p", "INT64", [1, 2])) == [([1, 2],)]
    assert rows("SELECT @p", ArrayQueryParameter("p", "STRING", [])) == [([],)]
    assert rows("SELECT 'b' IN UNNEST(@p)", ArrayQueryParameter("p", "STRING", ["a", "b"])) == [(True,)]
    assert rows("SELECT @p", StructQueryParameter("p", *person)) == [(record,)]
    assert rows("SELECT @p.age + 1", StructQueryParameter("p", *person)) == [(33,)]
    people = ArrayQueryParameter("p", "RECORD", [StructQueryParameter(None, *person)])
    assert rows("SELECT @p", people) == [([record],)]
    nested = StructQueryParameter("p", StructQueryParameter("hero", *person), ArrayQueryParameter("l", "STRING", ["x"]))
    assert rows("SELECT @p", nested) == [({"hero": record, "l": ["x"]},)]
    assert rows("SELECT (@p.name, @p.age)", StructQueryParameter("p", *person)) == [
        ({"_field_1": "Phred", "_field_2": 32},)
    ]


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [("DATE", dt.date(2016, 12, 5), None), ("DATETIME", None, NAIVE), ("DATETIME", None, None)],
)
def test_a_parameter_may_be_a_range(rows, kind, start, end):
    parameter = RangeQueryParameter(name="p", range_element_type=kind, start=start, end=end)
    assert rows("SELECT @p", parameter) == [({"start": start, "end": end},)]
    assert rows("SELECT RANGE_START(@p), RANGE_END(@p)", parameter) == [(start, end)]


def test_a_parameter_that_is_missing_or_no_value_is_told(rows):
    with pytest.raises(exceptions.BadRequest, match="Query parameter 'p' not found"):
        rows("SELECT @p")
    with pytest.raises(exceptions.BadRequest, match="not enough positional parameters"):
        rows("SELECT ?")
    with pytest.raises(exceptions.BadRequest):
        rows("SELECT TIMESTAMP_ADD(@p, INTERVAL 1 HOUR)", ScalarQueryParameter("p", "TIMESTAMP", 1.4810976e9))


@pytest.mark.parametrize("method", METHODS)
def test_a_result_is_in_a_table_that_can_be_read_and_queried(client, rows, method):
    job = client.query("SELECT n, n * 1.5 AS f, DATE '2020-01-31' AS d FROM UNNEST([1, 2, 3]) AS n", api_method=method)
    expected = [(n, n * 1.5, dt.date(2020, 1, 31)) for n in (1, 2, 3)]
    assert [row.values() for row in job.result()] == expected
    job.reload()
    assert job.destination is not None
    assert [row.values() for row in client.list_rows(client.get_table(job.destination))] == expected
    assert rows(f"SELECT SUM(n) FROM `{job.destination}`") == [(6,)]
    assert client.get_table(job.destination).expires is not None
    assert (job.statement_type, job.priority, job.state) == ("SELECT", "INTERACTIVE", "DONE")


def test_create_table_as_says_where_its_rows_are(client, table_id):
    job = client.query(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    job.result()
    assert str(job.destination) == table_id
    assert (job.ddl_operation_performed, str(job.ddl_target_table)) == ("CREATE", table_id)


def test_results_are_read_by_page_and_from_an_index(client):
    sql = "SELECT n FROM UNNEST(GENERATE_ARRAY(0, 99)) AS n ORDER BY n"
    assert next(iter(client.query(sql).result(page_size=45).pages)).num_items == 45
    tail = client.query(sql).result(start_index=97)
    assert ([row[0] for row in tail], tail.total_rows) == ([97, 98, 99], 100)
    assert len(list(client.query(sql).result(max_results=7))) == 7


def test_a_named_table_gets_the_result(client, table_id):
    config = Config(destination=table_id, write_disposition="WRITE_EMPTY")
    assert len(list(client.query("SELECT 1 AS id", config).result())) == 1
    with pytest.raises(exceptions.Conflict):
        client.query("SELECT 2 AS id", config).result()
    config.write_disposition = "WRITE_APPEND"
    client.query("SELECT 2 AS id", config).result()
    assert [row[0] for row in client.list_rows(table_id)] == [1, 2]
    config.write_disposition = "WRITE_TRUNCATE"
    client.query("SELECT 'x' AS name", config).result()
    assert [dict(row) for row in client.list_rows(table_id)] == [{"name": "x"}]


def test_a_named_table_may_be_clustered_and_must_be_there_where_none_may_be_made(client, table_id):
    config = Config(destination=table_id, create_disposition="CREATE_NEVER")
    with pytest.raises(exceptions.NotFound):
        client.query("SELECT 1 AS id", config).result()
    config = Config(destination=table_id, clustering_fields=["id"])
    client.query("SELECT 1 AS id", config).result()
    assert client.get_table(table_id).clustering_fields == ["id"]


def test_columns_are_added_and_relaxed_only_where_that_is_asked(client, table_id):
    schema = [bigquery.SchemaField("id", "INTEGER", mode="REQUIRED")]
    client.create_table(bigquery.Table(table_id, schema))
    config = Config(destination=table_id, write_disposition="WRITE_APPEND")
    with pytest.raises(exceptions.BadRequest, match="Provided Schema does not match"):
        client.query("SELECT 1 AS id, 'x' AS name", config).result()
    config.schema_update_options = ["ALLOW_FIELD_ADDITION"]
    with pytest.raises(exceptions.BadRequest, match="has changed mode from REQUIRED to NULLABLE"):
        client.query("SELECT 1 AS id, 'x' AS name", config).result()
    config.schema_update_options = ["ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"]
    client.query("SELECT 1 AS id, 'x' AS name", config).result()
    assert [(f.name, f.mode) for f in client.get_table(table_id).schema] == [("id", "NULLABLE"), ("name", "NULLABLE")]
    assert [row.values() for row in client.list_rows(table_id)] == [(1, "x")]


def test_a_table_without_a_schema_gets_that_of_the_result(client, table_id):
    client.create_table(table_id)
    client.query("SELECT 1 AS id", Config(destination=table_id)).result()
    assert [dict(row) for row in client.list_rows(table_id)] == [{"id": 1}]


@pytest.mark.parametrize("method", METHODS)
def test_a_dry_run_reports_bytes_and_columns_and_does_nothing(client, table_id, method):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id, 'x' AS name")
    job = client.query(f"SELECT * FROM `{table_id}`", Config(dry_run=True), api_method=method)
    assert job.dry_run is True
    assert job.total_bytes_processed > 0
    assert [f.name for f in job.schema] == ["id", "name"]
    client.query(f"DROP TABLE `{table_id}`", Config(dry_run=True), api_method=method)
    assert client.get_table(table_id).num_rows == 1


def test_names_are_looked_up_in_the_default_dataset(client, dataset, table_id, name):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    config = Config(default_dataset=dataset.reference)
    assert len(list(client.query(f"SELECT * FROM {name}", config).result())) == 1


@pytest.mark.parametrize(
    ("sql", "error", "reason"),
    [
        ("SELECT * FROM not_there.at_all", exceptions.NotFound, "notFound"),
        ("SELEC 1", exceptions.BadRequest, "invalidQuery"),
        ("SELECT nope", exceptions.BadRequest, "invalidQuery"),
        ("SELECT 1 / 0", exceptions.BadRequest, "invalidQuery"),
    ],
)
def test_a_query_that_fails_says_why(client, sql, error, reason):
    job = client.query(sql)
    with pytest.raises(error) as caught:
        job.result()
    assert caught.value.errors[0]["reason"] == reason
    assert (job.state, job.error_result["reason"]) == ("DONE", reason)
    with pytest.raises(error):
        client.query(sql, api_method="QUERY")


def test_a_script_has_a_job_for_each_statement_and_temporary_tables(client):
    job = client.query("CREATE TEMP TABLE people (x INT64); INSERT INTO people VALUES (5), (6); SELECT * FROM people")
    assert [row[0] for row in job.result()] == [5, 6]
    job.reload()
    assert (job.num_child_jobs, job.statement_type) == (3, "SCRIPT")
    children = {child.statement_type: child for child in client.list_jobs(parent_job=job)}
    assert set(children) == {"CREATE_TABLE", "INSERT", "SELECT"}
    assert [row[0] for row in children["SELECT"].result()] == [5, 6]
    with pytest.raises(exceptions.BadRequest, match="must be qualified"):
        client.query_and_wait("SELECT * FROM people")


@pytest.mark.parametrize("method", METHODS)
def test_a_session_keeps_its_tables(client, method):
    first = client.query("CREATE TEMP TABLE kept AS SELECT 1 AS id", Config(create_session=True), api_method=method)
    first.result()
    session = bigquery.ConnectionProperty("session_id", first.session_info.session_id)
    config = Config(connection_properties=[session])
    client.query("INSERT INTO kept VALUES (2)", config).result()
    job = client.query("SELECT id FROM _SESSION.kept ORDER BY id", config)
    assert [row[0] for row in job.result()] == [1, 2]
    assert job.session_info.session_id == session.value
    other = bigquery.ConnectionProperty("session_id", "not-there")
    with pytest.raises(exceptions.BadRequest, match="Session not-there is not found"):
        client.query("SELECT 1", Config(connection_properties=[other])).result()


def test_a_transaction_is_all_or_nothing(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    insert = f"INSERT INTO `{table_id}` VALUES (2);"
    job = client.query(f"BEGIN TRANSACTION; {insert} COMMIT TRANSACTION;")
    job.result()
    ids = {child.transaction_info.transaction_id for child in client.list_jobs(parent_job=job)}
    assert len(ids) == 1
    client.query(f"BEGIN TRANSACTION; {insert} ROLLBACK TRANSACTION;").result()
    with pytest.raises(exceptions.BadRequest):
        client.query(f"BEGIN TRANSACTION; {insert} SELECT 1 / 0; COMMIT TRANSACTION;").result()
    assert [row[0] for row in client.list_rows(table_id)] == [1, 2]


def test_changes_are_counted_by_kind(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` (name STRING, n INT64)")

    def changed(sql):
        job = client.query(sql.format(t=f"`{table_id}`"))
        job.result()
        stats = job.dml_stats
        counts = (stats.inserted_row_count, stats.updated_row_count, stats.deleted_row_count)
        assert job.num_dml_affected_rows == sum(counts)
        return counts

    assert changed("INSERT INTO {t} VALUES ('one', 1), ('two', 2), ('three', 3), ('four', 4)") == (4, 0, 0)
    assert changed("UPDATE {t} SET n = n + 1 WHERE n > 2") == (0, 2, 0)
    assert changed("DELETE FROM {t} WHERE name != 'two'") == (0, 0, 3)
    merge = "MERGE {t} t USING (SELECT 'two' AS name UNION ALL SELECT 'new') s ON t.name = s.name"
    merge += " WHEN MATCHED THEN UPDATE SET n = 9 WHEN NOT MATCHED THEN INSERT (name, n) VALUES (s.name, 0)"
    assert changed(merge) == (1, 1, 0)
    assert changed("TRUNCATE TABLE {t}") == (0, 0, 2)


def test_a_query_may_be_run_and_waited_for_in_one(client):
    found = client.query_and_wait("SELECT 1 AS n", job_config=Config(labels={"a": "b"}))
    assert ([row.n for row in found], found.total_rows) == ([1], 1)
    assert client.get_job(found.job_id, location=found.location).labels == {"a": "b"}


def test_the_same_rows_come_fast_into_a_table_whichever_way(client, table_id):
    source = "SELECT n, CONCAT('name ', n) AS name FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n"
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS {source}")
    client.query(source, Config(destination=table_id + "_named")).result()
    client.query_and_wait(f"INSERT INTO `{table_id}` {source}")
    assert client.get_table(table_id).num_rows == 40_000
    assert client.get_table(table_id + "_named").num_rows == 20_000


def test_a_form_of_results_that_is_not_served_is_refused(client, table_id):
    """A client would take the answer for an empty result."""
    body = {"query": "SELECT 1", "useLegacySql": False}
    path = f"/projects/{client.project}/queries"
    for more, says in (
        ({"queryResultsFormat": "ARROW"}, "queryResultsFormat ARROW is not supported here"),
        ({"formatOptions": {"timestampOutputFormat": "ISO8601_STRING"}}, "timestamp_output_format ISO8601_STRING"),
    ):
        with pytest.raises(exceptions.BadRequest, match=says):
            client._connection.api_request("POST", path, data=body | more)
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT TIMESTAMP '2020-01-01 00:00:00' AS t")
    with pytest.raises(exceptions.BadRequest, match="timestamp_output_format"):
        list(client.list_rows(table_id, timestamp_precision=TimestampPrecision.PICOSECOND))
