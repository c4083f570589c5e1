"""What the samples of google-cloud-bigquery do, as far as the other modules here do not do it already.

Read in googleapis/python-bigquery, folder samples, and written in our own words. Left out, because the sandbox does not
serve them: models, Cloud Storage, Sheets, Avro, ORC, results in Arrow; and notebooks.
"""

import datetime as dt
import io
import json

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

Field = bigquery.SchemaField
NAMES = "bigquery-public-data.usa_names.usa_1910_2013"
SHAKESPEARE = "bigquery-public-data.samples.shakespeare"
READER = "roles/bigquery.dataViewer"


@pytest.fixture(scope="module")
def shared(client):
    """The name of a second dataset."""
    return client.create_dataset("shared_views").full_dataset_id.replace(":", ".")


def test_a_batch_query_is_found_by_its_id_and_location(client):
    config = bigquery.QueryJobConfig(priority=bigquery.QueryPriority.BATCH)
    job = client.query(f"SELECT corpus FROM `{SHAKESPEARE}` LIMIT 10", config)
    job.result()
    found = client.get_job(job.job_id, location=job.location)
    assert (found.state, found.priority) == ("DONE", "BATCH")


def test_a_job_keeps_its_labels_its_limit_and_the_prefix_of_its_id(client):
    labels, limit = {"example-label": "example-value"}, 1_000_000_000
    config = bigquery.QueryJobConfig(labels=labels, maximum_bytes_billed=limit)
    job = client.query(f"SELECT name FROM `{NAMES}` LIMIT 1", config, job_id_prefix="code_sample_")
    job.result()
    found = client.get_job(job.job_id, location=job.location)
    assert found.job_id.startswith("code_sample_")
    assert (found.labels, found.maximum_bytes_billed) == (labels, limit)


def test_a_query_without_the_cache_says_what_it_read(client):
    config = bigquery.QueryJobConfig(use_query_cache=False)
    job = client.query(f"SELECT corpus FROM `{SHAKESPEARE}` GROUP BY corpus", config)
    job.result()
    assert not job.cache_hit
    assert job.total_bytes_processed > 0


def test_a_query_may_run_without_a_job(client, sandbox):
    options = {"api_endpoint": sandbox.url}
    mode = "JOB_CREATION_OPTIONAL"
    with bigquery.Client(
        client.project, client._credentials, client_options=options, default_job_creation_mode=mode
    ) as short:
        found = short.query_and_wait(
            f"SELECT name, SUM(number) AS total FROM `{NAMES}` GROUP BY name ORDER BY name LIMIT 2"
        )
    assert found.job_id or found.query_id
    names = [row.name for row in found]
    assert len(names) == 2
    assert names == sorted(names)


def test_legacy_sql_writes_into_a_table(client, table_id):
    config = bigquery.QueryJobConfig(use_legacy_sql=True, allow_large_results=True, destination=table_id)
    client.query("SELECT corpus FROM [bigquery-public-data:samples.shakespeare] GROUP BY corpus", config).result()
    assert client.get_table(table_id).num_rows > 0


def test_a_schema_is_written_to_a_file_and_read_from_it(client, table_id):
    schema = [Field("full_name", "STRING", mode="REQUIRED", description="Both names"), Field("age", "INTEGER")]
    client.schema_to_json(schema, written := io.StringIO())
    table = client.create_table(bigquery.Table(table_id, client.schema_from_json(io.StringIO(written.getvalue()))))
    assert table.schema == schema
    client.schema_to_json(client.get_table(table_id).schema, again := io.StringIO())
    assert json.loads(again.getvalue()) == json.loads(written.getvalue())


def test_rows_without_ids_hold_repeated_records(client, table_id, rows):
    address = [Field("status", "STRING"), Field("city", "STRING")]
    schema = [Field("id", "STRING"), Field("addresses", "RECORD", "REPEATED", fields=address)]
    table = client.create_table(bigquery.Table(table_id, schema))
    homes = [{"status": "current", "city": "Seattle"}, {"status": "previous", "city": "Austin"}]
    assert client.insert_rows_json(table, [{"id": "1", "addresses": homes}], row_ids=[None]) == []
    sql = f"SELECT id, a.city FROM `{table_id}`, UNNEST(addresses) AS a WHERE a.status = 'current'"
    assert rows(sql) == [("1", "Seattle")]


def test_dates_and_times_are_inserted_and_listed(client, table_id):
    schema = [Field("d", "DATE"), Field("dt", "DATETIME"), Field("t", "TIME"), Field("ts", "TIMESTAMP")]
    table = client.create_table(bigquery.Table(table_id, schema))
    at = dt.datetime(2022, 3, 1, 14, 5, 9, 123456)
    row = (at.date(), at, at.time(), at.replace(tzinfo=dt.UTC))
    assert client.insert_rows(table, [row]) == []
    assert [found.values() for found in client.list_rows(table)] == [row]


def test_a_label_of_a_table_is_set_and_deleted(client, table_id):
    table = client.create_table(bigquery.Table(table_id, [Field("x", "INTEGER")]))
    table.labels = {"color": "green"}
    client.update_table(table, ["labels"])
    table = client.get_table(table_id)
    assert table.labels == {"color": "green"}
    table.labels["color"] = None
    client.update_table(table, ["labels"])
    assert client.get_table(table_id).labels == {}


def test_a_dataset_gets_default_expirations_and_a_description(client, shared):
    dataset = client.get_dataset(shared)
    dataset.default_table_expiration_ms = 24 * 3_600_000
    dataset.default_partition_expiration_ms = 90 * 24 * 3_600_000
    dataset.description = "Updated description."
    fields = ["default_table_expiration_ms", "default_partition_expiration_ms", "description"]
    found = client.update_dataset(dataset, fields)
    assert [getattr(found, name) for name in fields] == [getattr(dataset, name) for name in fields]


def test_a_table_is_made_to_require_a_partition_filter(client, table_id, rows):
    table = bigquery.Table(table_id, [Field("transaction_timestamp", "TIMESTAMP")])
    table.time_partitioning = bigquery.TimePartitioning(field="transaction_timestamp")
    table = client.create_table(table)
    table.require_partition_filter = True
    assert client.update_table(table, ["require_partition_filter"]).require_partition_filter is True
    with pytest.raises(exceptions.BadRequest, match="without a filter"):
        rows(f"SELECT COUNT(*) FROM `{table_id}`")


def test_what_does_not_exist_is_not_found_and_may_be_deleted_without_an_error(client, shared):
    dataset, table = f"{client.project}.not_there", f"{shared}.not_there"
    with pytest.raises(exceptions.NotFound):
        client.get_dataset(dataset)
    with pytest.raises(exceptions.NotFound):
        client.get_table(table)
    client.delete_table(table, not_found_ok=True)
    client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)


def test_the_first_rows_of_a_result_are_listed_from_its_table(client):
    job = client.query(f"SELECT name FROM `{NAMES}` ORDER BY name")
    every = [row.name for row in job.result()]
    some = client.list_rows(client.get_table(job.destination), max_results=2)
    assert [row.name for row in next(iter(some.pages))] == every[:2]


def test_a_view_of_another_dataset_is_authorized(client, table_id, shared, rows):
    sql = "SELECT 'c1' AS commit, STRUCT('Ann' AS name, 1 AS n) AS author, STRUCT('Bob' AS name) AS committer"
    client.query(sql, bigquery.QueryJobConfig(destination=table_id)).result()
    view = bigquery.Table(f"{shared}.analyst_view")
    view.view_query = f"SELECT commit, author.name AS author, committer.name AS committer FROM `{table_id}`"
    view = client.create_table(view)
    source = client.get_dataset(table_id.rpartition(".")[0])
    entry = bigquery.AccessEntry(None, "view", view.reference.to_api_repr())
    source.access_entries = [*source.access_entries, entry]
    assert entry in client.update_dataset(source, ["access_entries"]).access_entries
    assert rows(f"SELECT * FROM `{shared}.analyst_view`") == [("c1", "Ann", "Bob")]


def test_access_to_a_dataset_is_granted_and_revoked(client, shared):
    dataset = client.get_dataset(shared)
    before, group = list(dataset.access_entries), "analysts@example.com"
    dataset.access_entries = [*before, bigquery.AccessEntry("READER", "groupByEmail", group)]
    client.update_dataset(dataset, ["access_entries"])
    found = client.get_dataset(shared)
    assert [entry.role for entry in found.access_entries if entry.entity_id == group] == ["READER"]
    found.access_entries = [entry for entry in found.access_entries if entry.entity_id != group]
    assert client.update_dataset(found, ["access_entries"]).access_entries == before


def test_access_to_a_view_is_granted_and_revoked_in_its_policy(client, table_id):
    view = bigquery.Table(table_id)
    view.view_query = "SELECT 1 AS x"
    client.create_table(view)
    policy = client.get_iam_policy(table_id)
    policy.bindings.append({"role": READER, "members": {"group:analysts@example.com"}})
    client.set_iam_policy(table_id, policy)
    policy = client.get_iam_policy(table_id)
    assert [(each["role"], set(each["members"])) for each in policy.bindings] == [
        (READER, {"group:analysts@example.com"})
    ]
    policy.bindings = [each for each in policy.bindings if each["role"] != READER]
    assert client.set_iam_policy(table_id, policy).bindings == []


def test_a_function_takes_an_array_of_structures(client, table_id, rows):
    job = client.query(
        f"CREATE FUNCTION `{table_id}`(arr ARRAY<STRUCT<name STRING, val INT64>>) AS ("
        "(SELECT SUM(IF(elem.name = 'foo', elem.val, null)) FROM UNNEST(arr) AS elem))"
    )
    job.result()
    assert job.ddl_target_routine.routine_id == table_id.rpartition(".")[2]
    assert rows(f"SELECT `{table_id}`([STRUCT('foo' AS name, 10 AS val), ('bar', 1), ('foo', 5)])") == [(15,)]
    routine = client.get_routine(table_id)
    assert (routine.type_, routine.language, routine.arguments[0].name) == ("SCALAR_FUNCTION", "SQL", "arr")


def test_a_view_is_given_another_query(client, table_id, rows):
    states = "UNNEST([STRUCT('Washington' AS name, 'WA' AS post_abbr), ('Idaho', 'ID')])"
    view = bigquery.Table(table_id)
    view.view_query = f"SELECT name, post_abbr FROM {states} WHERE name LIKE 'W%'"
    assert client.create_table(view).table_type == "VIEW"
    view.view_query = view.view_query.replace("'W%'", "'I%'")
    assert client.update_table(view, ["view_query"]).view_query == view.view_query
    assert rows(f"SELECT post_abbr FROM `{table_id}`") == [("ID",)]


def test_the_most_viewed_questions_have_addresses(client):
    found = list(
        client.query_and_wait(
            "SELECT CONCAT('https://stackoverflow.com/questions/', CAST(id AS STRING)) AS url, view_count "
            "FROM `bigquery-public-data.stackoverflow.posts_questions` "
            "WHERE tags LIKE '%google-bigquery%' ORDER BY view_count DESC LIMIT 10"
        )
    )
    assert found
    assert all(row.url.startswith("https://stackoverflow.com/questions/") for row in found)
    assert [row.view_count for row in found] == sorted((row.view_count for row in found), reverse=True)


def test_public_data_has_the_values_that_the_tests_of_the_samples_look_for(client):
    found = client.query_and_wait(
        f"SELECT name, SUM(number) AS total FROM `{NAMES}` WHERE state = 'TX' GROUP BY name, state "
        "ORDER BY total DESC LIMIT 20"
    )
    assert ("James", 272793) in [row.values() for row in found]
    assert "LVII" in [row.word for row in client.list_rows(SHAKESPEARE, max_results=10)]
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter("corpus", "STRING", "romeoandjuliet"),
            bigquery.ScalarQueryParameter("least", "INT64", 250),
        ]
    )
    sql = f"SELECT word FROM `{SHAKESPEARE}` WHERE corpus = @corpus AND word_count >= @least ORDER BY word_count DESC"
    assert [row.word for row in client.query_and_wait(sql, job_config=config)] == ["the"]


def test_a_view_shares_nested_public_rows_without_the_addresses(client, shared):
    source = client.create_dataset(bigquery.Dataset(f"{client.project}.github_source_data"))
    config = bigquery.QueryJobConfig(destination=source.table("contributors"))
    sql = "SELECT commit, author, committer, repo_name FROM `bigquery-public-data.github_repos.commits` LIMIT 100"
    client.query(sql, config, location="US").result()
    view = bigquery.Table(f"{shared}.commit_authors")
    view.view_query = (
        "SELECT commit, author.name AS author, committer.name AS committer, repo_name "
        f"FROM `{source.project}.github_source_data.contributors`"
    )
    view = client.create_table(view)
    source.access_entries = [*source.access_entries, bigquery.AccessEntry(None, "view", view.reference.to_api_repr())]
    source = client.update_dataset(source, ["access_entries"])
    assert view.reference.to_api_repr() in [entry.entity_id for entry in source.access_entries]
    row = next(iter(client.query_and_wait(f"SELECT * FROM `{shared}.commit_authors` LIMIT 1")))
    assert row.author.startswith("Author ")
    assert row.author == row.committer
    assert len(row.repo_name) == 1
