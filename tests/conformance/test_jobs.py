"""Jobs: read, listed, cancelled, deleted; and the DB-API, which uses them."""

import datetime as dt
import decimal

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import dbapi

Config = bigquery.QueryJobConfig


def test_a_job_is_found_by_its_id_and_place(client):
    job = client.query("SELECT 1", Config(labels={"custom": "value"}), job_id="found-by-id")
    job.result()
    found = client.get_job("found-by-id", location="US")
    assert (found.job_id, found.state, found.location) == ("found-by-id", "DONE", "US")
    assert found.labels == {"custom": "value"}
    assert all((found.created, found.started, found.ended, found.user_email))
    assert [row[0] for row in found.result()] == [1]
    with pytest.raises(exceptions.NotFound):
        client.get_job("found-by-id", location="EU")


def test_an_id_is_given_once(client):
    client.query("SELECT 1", job_id="once").result()
    with pytest.raises(exceptions.Conflict):
        client.query("SELECT 1", job_id="once", job_retry=None)._begin()


def test_a_failed_job_is_found_as_well(client):
    with pytest.raises(exceptions.BadRequest):
        client.query("SELECT nope", job_id="failed").result()
    found = client.get_job("failed")
    assert found.error_result["reason"] == "invalidQuery"
    assert found.errors


def test_jobs_are_listed_latest_first_by_state_time_and_number(client):
    before = dt.datetime.now(dt.UTC)
    ids = []
    for _ in range(3):
        job = client.query("SELECT 1")
        job.result()
        ids.append(job.job_id)
    found = [job.job_id for job in client.list_jobs(state_filter="done")]
    assert found[:3] == ids[::-1]
    assert len(list(client.list_jobs(max_results=2))) == 2
    later = {job.job_id for job in client.list_jobs(min_creation_time=before - dt.timedelta(seconds=1))}
    assert set(ids) <= later
    assert {job.user_email for job in client.list_jobs(all_users=True, max_results=1)} == {job.user_email}


def test_every_kind_of_job_is_listed_as_what_it_is(client, table_id):
    client.load_table_from_json([{"id": 1}], table_id, job_id="listed-load").result()
    client.copy_table(table_id, table_id + "_copy", job_id="listed-copy").result()
    client.query("SELECT 1", job_id="listed-query").result()
    found = {job.job_id: job.job_type for job in client.list_jobs(max_results=10)}
    assert (found["listed-load"], found["listed-copy"], found["listed-query"]) == ("load", "copy", "query")


def test_a_finished_job_may_be_cancelled_and_deleted(client):
    job = client.query("SELECT 1", job_id="gone")
    job.result()
    assert job.cancel()
    destination = job.destination
    client.delete_job_metadata("gone", location="US")
    with pytest.raises(exceptions.NotFound):
        client.get_job("gone", location="US")
    with pytest.raises(exceptions.NotFound):
        client.get_table(destination)
    client.delete_job_metadata("gone", location="US", not_found_ok=True)


def test_a_configuration_of_another_kind_is_refused(client):
    config = bigquery.LoadJobConfig(source_format="CSV")
    with pytest.raises((TypeError, exceptions.ClientError)):
        client.query("SELECT 1", job_config=config).result()


# -- DB-API


@pytest.fixture
def cursor(client):
    return dbapi.connect(client, prefer_bqstorage_client=False).cursor()


def test_rows_are_fetched_one_by_one_some_and_all(cursor):
    for size in range(1, 5):
        cursor.execute("SELECT * FROM UNNEST([(1, 'a'), (2, 'b'), (3, 'c')])")
        cursor.arraysize = size
        assert cursor.rowcount == 3
        assert tuple(cursor.fetchone()) == (1, "a")
        assert [tuple(row) for row in cursor.fetchmany(1)] == [(2, "b")]
        assert [tuple(row) for row in cursor.fetchall()] == [(3, "c")]
        assert cursor.fetchone() is None


@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("SELECT %(v)s", {"v": True}, True),
        ("SELECT %(select)s", {"select": True}, True),
        ('SELECT %(a "weird" `name`)s', {'a "weird" `name`': 1}, 1),
        ("SELECT %s", [-123_456_789], -123_456_789),
        ("SELECT %(v)s", {"v": 1.25}, 1.25),
        ("SELECT LOWER(%(v)s)", {"v": "I Am"}, "i am"),
        ("SELECT %s", [decimal.Decimal("1.5")], decimal.Decimal("1.5")),
        ("SELECT DATE_SUB(%(v)s, INTERVAL 1 DAY)", {"v": dt.date(2017, 4, 2)}, dt.date(2017, 4, 1)),
        ("SELECT TIME_ADD(%(v)s, INTERVAL 4 SECOND)", {"v": dt.time(12, 34, 56)}, dt.time(12, 35)),
        (
            "SELECT DATETIME_ADD(%s, INTERVAL 53 SECOND)",
            [dt.datetime(2012, 3, 4, 5, 6, 7)],
            dt.datetime(2012, 3, 4, 5, 7),
        ),
        (
            "SELECT TIMESTAMP_TRUNC(%s, MINUTE)",
            [dt.datetime(2012, 3, 4, 5, 6, 7, 250_000, tzinfo=dt.UTC)],
            dt.datetime(2012, 3, 4, 5, 6, tzinfo=dt.UTC),
        ),
        ("SELECT %s", [[1, 2]], [1, 2]),
    ],
)
def test_values_are_bound(cursor, sql, parameters, expected):
    cursor.execute(sql, parameters)
    assert tuple(cursor.fetchone()) == (expected,)


def test_many_rows_are_written_and_counted(cursor, table_id):
    cursor.execute(f"CREATE TABLE `{table_id}` (name STRING, age INT64)")
    cursor.executemany(f"INSERT INTO `{table_id}` VALUES (%s, %s)", [("a", 1), ("b", 2)])
    cursor.execute(f"UPDATE `{table_id}` SET age = 3 WHERE TRUE")
    assert cursor.rowcount == 2
    cursor.execute(f"CREATE VIEW `{table_id}_view` AS SELECT name FROM `{table_id}`")
    assert cursor.rowcount == 0
    cursor.execute("SELECT 1; SELECT 2, 'x'")
    assert [tuple(row) for row in cursor.fetchall()] == [(2, "x")]


def test_a_dry_run_gives_no_rows_and_an_error_is_the_dbapis(cursor):
    cursor.execute("SELECT 1", job_config=Config(dry_run=True))
    assert (cursor.rowcount, cursor.fetchall()) == (0, [])
    with pytest.raises(dbapi.DatabaseError):
        cursor.execute("SELECT nope")


def test_a_query_has_a_plan_and_a_timeline(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT n FROM UNNEST([1, 2]) AS n")
    job = client.query(f"SELECT COUNT(*) FROM `{table_id}` a JOIN `{table_id}` b USING (n)")
    job.result()
    job.reload()
    plan = job.query_plan
    assert [(stage.name, stage.status, stage.records_read) for stage in plan] == [
        ("S00: Input", "COMPLETE", 2), ("S01: Input", "COMPLETE", 2), ("S02: Output", "COMPLETE", 4)
    ]  # fmt: skip
    assert [stage.input_stages for stage in plan] == [[], [], [0, 1]]
    assert (plan[0].shuffle_output_bytes, plan[0].parallel_inputs, job.timeline[0].completed_units) == (16, 1, 3)
    assert plan[0].start is not None
    assert job.slot_millis >= 3


def test_a_copy_lies_under_the_key_that_was_asked_for(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS x")
    key = bigquery.EncryptionConfiguration("projects/p-123456/locations/us/keyRings/r/cryptoKeys/k")
    config = bigquery.CopyJobConfig(destination_encryption_configuration=key)
    client.copy_table(table_id, f"{table_id}_copy", job_config=config).result()
    assert client.get_table(f"{table_id}_copy").encryption_configuration == key
