"""Load and copy jobs: files of JSON, CSV and Parquet into tables, tables into tables."""

import base64
import datetime as dt
import decimal
import io
import json

import duckdb
import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import CopyJobConfig, LoadJobConfig, OperationType

from tests.support.polling import wait_until

Field = bigquery.SchemaField
PEOPLE = [Field("full_name", "STRING", mode="REQUIRED"), Field("age", "INTEGER", mode="REQUIRED")]
ROWS = [("Phred Phlyntstone", 32), ("Bharney Rhubble", 33)]


def loaded(client, text, table_id, **config):
    data = text if isinstance(text, bytes) else text.encode()
    job = client.load_table_from_file(io.BytesIO(data), table_id, job_config=LoadJobConfig(**config))
    return job.result()


def read(client, table_id):
    return [row.values() for row in client.list_rows(table_id)]


def test_csv_with_a_head_goes_into_a_table_that_is_there(client, table_id):
    client.create_table(bigquery.Table(table_id, PEOPLE))
    text = "Full Name,Age\n" + "".join(f"{name},{age}\n" for name, age in ROWS)
    options = {"create_disposition": "CREATE_NEVER", "write_disposition": "WRITE_EMPTY"}
    job = loaded(client, text, table_id, source_format="CSV", skip_leading_rows=1, **options)
    assert (job.output_rows, job.input_files, job.state) == (2, 1, "DONE")
    assert job.input_file_bytes == len(text)
    assert read(client, table_id) == ROWS
    with pytest.raises(exceptions.Conflict):
        loaded(client, text, table_id, source_format="CSV", skip_leading_rows=1, **options)


def test_csv_has_quotes_delimiters_and_marks_for_null(client, table_id):
    text = 'a|"b|c"|\nx|\\N|2.5\n'
    schema = [Field("a", "STRING"), Field("b", "STRING"), Field("c", "FLOAT")]
    loaded(client, text, table_id, schema=schema, field_delimiter="|")
    assert read(client, table_id) == [("a", "b|c", None), ("x", "\\N", 2.5)]
    loaded(client, "x,-\n", table_id + "n", schema=schema[:2], null_marker="-")
    assert read(client, table_id + "n") == [("x", None)]


def test_csv_tells_its_own_columns(client, table_id):
    loaded(client, "id,name,day,ok\n1,x,2020-01-31,true\n2,y,2020-02-01,false\n", table_id, autodetect=True)
    assert [(f.name, f.field_type) for f in client.get_table(table_id).schema] == [
        ("id", "INTEGER"), ("name", "STRING"), ("day", "DATE"), ("ok", "BOOLEAN")
    ]  # fmt: skip
    assert read(client, table_id)[0] == (1, "x", dt.date(2020, 1, 31), True)


def test_lines_of_json_and_what_they_hold(client, table_id):
    rows = [{"name": "John", "age": 18, "born": "2001-10-15", "ok": False, "tags": ["a"], "r": {"x": 1.5}}]
    job = client.load_table_from_json(rows, table_id)
    job.result()
    schema = {f.name: (f.field_type, f.mode) for f in client.get_table(table_id).schema}
    assert schema["born"] == ("DATE", "NULLABLE")
    assert schema["tags"] == ("STRING", "REPEATED")
    assert schema["r"] == ("RECORD", "NULLABLE")
    assert dict(next(iter(client.list_rows(table_id)))) == rows[0] | {"born": dt.date(2001, 10, 15)}


def test_json_goes_by_the_schema_of_the_table_that_is_there(client, table_id):
    schema = [Field("name", "STRING"), Field("age", "INTEGER")]
    client.create_table(bigquery.Table(table_id, schema))
    client.load_table_from_json([{"name": "123", "age": 18}], table_id).result()
    assert client.get_table(table_id).schema == schema
    assert read(client, table_id) == [("123", 18)]


def test_parquet_keeps_its_types(client, table_id, tmp_path):
    path = tmp_path / "x.parquet"
    relation = duckdb.sql(
        "SELECT 1 AS i, 'x' AS s, DATE '2020-01-31' AS d, 1.5::DECIMAL(9, 2) AS n, [1, 2] AS l, {'a': 'b'} AS r, "
        "TIMESTAMP '2020-01-31 10:00:00' AS naive, 'b'::BLOB AS b"
    )
    assert relation is not None
    relation.write_parquet(str(path))
    job = loaded(client, path.read_bytes(), table_id, source_format="PARQUET")
    assert job.output_rows == 1
    kinds = [f.field_type for f in client.get_table(table_id).schema]
    assert kinds == ["INTEGER", "STRING", "DATE", "NUMERIC", "INTEGER", "RECORD", "DATETIME", "BYTES"]
    row = next(iter(client.list_rows(table_id)))
    assert row.values()[:3] == (1, "x", dt.date(2020, 1, 31))
    assert (row["l"], row["r"], row["naive"], row["b"]) == ([1, 2], {"a": "b"}, dt.datetime(2020, 1, 31, 10), b"b")
    relation = duckdb.sql("SELECT 1.123456789012::DECIMAL(20, 12) AS n")
    assert relation is not None
    relation.write_parquet(str(path))
    with pytest.raises(exceptions.BadRequest, match="out of valid NUMERIC range"):
        loaded(client, path.read_bytes(), table_id, source_format="PARQUET", decimal_target_types=["NUMERIC"])


WIDE = """
UEFSMRUAFUwVTCwVBBUAFQYVBhwAAAACAAAAAwEAAAAAAAAAAAAAAAAAAAAAVIT9n0qI943N07KQ3jjzThUEGSw1ABgGc2NoZW1hFQIAFQ4VQBUCGAFu
JQoVTBWYASxcFUwVmAEAAAAWBBkcGRwmABwVDhklBgAZGAFuFQAWBBZyFnImCEkcFQAVABUCADwpBhkmAgIAAAAWchYEJggWcgAoIHBhcnF1ZXQtY3Bw
LWFycm93IHZlcnNpb24gMjYuMC4xGRwcAAAAjAAAAFBBUjE=
"""
"""A column `n` of decimals of 76 digits, 38 of them after the point, and two rows, as pyarrow 26.0.1 writes it."""


def test_parquet_keeps_every_digit_of_a_bignumeric(client, table_id):
    wanted = [(decimal.Decimal("1.12345678901234567890123456789012345678"),), (None,)]
    client.create_table(bigquery.Table(table_id, [Field("n", "BIGNUMERIC")]))
    loaded(client, base64.b64decode(WIDE), table_id, source_format="PARQUET")
    assert read(client, table_id) == wanted
    options = {"source_format": "PARQUET", "decimal_target_types": ["NUMERIC", "BIGNUMERIC"]}
    loaded(client, base64.b64decode(WIDE), f"{table_id}_found", **options)
    assert [f.field_type for f in client.get_table(f"{table_id}_found").schema] == ["BIGNUMERIC"]
    assert read(client, f"{table_id}_found") == wanted


def test_a_large_file_comes_in_parts(client, table_id, monkeypatch):
    text = "".join(json.dumps({"full_name": f"name {n}", "age": n}) + "\n" for n in range(20_000))
    file = io.BytesIO(text.encode())
    config = LoadJobConfig(schema=PEOPLE, source_format="NEWLINE_DELIMITED_JSON")
    monkeypatch.setattr("google.cloud.bigquery.client._DEFAULT_CHUNKSIZE", 256 * 1024)
    job = client.load_table_from_file(file, table_id, job_config=config)
    assert job.result().output_rows == 20_000
    assert client.get_table(table_id).num_rows == 20_000


def test_a_small_file_comes_in_one_request(client, table_id):
    text = b'{"full_name": "Phred", "age": 32}\n'
    config = LoadJobConfig(schema=PEOPLE, source_format="NEWLINE_DELIMITED_JSON")
    client.load_table_from_file(io.BytesIO(text), table_id, size=len(text), job_config=config).result()
    assert read(client, table_id) == [("Phred", 32)]


def test_a_load_appends_replaces_and_changes_columns_as_it_is_told(client, table_id):
    as_json = {"source_format": "NEWLINE_DELIMITED_JSON"}
    loaded(client, '{"id": 1}', table_id, schema=[Field("id", "INTEGER")], **as_json)
    loaded(client, '{"id": 2}', table_id, **as_json)
    assert read(client, table_id) == [(1,), (2,)]
    wider = [Field("id", "INTEGER"), Field("name", "STRING")]
    with pytest.raises(exceptions.BadRequest, match="Cannot add fields"):
        loaded(client, '{"id": 3, "name": "x"}', table_id, schema=wider, **as_json)
    options = {"schema_update_options": ["ALLOW_FIELD_ADDITION"]}
    loaded(client, '{"id": 3, "name": "x"}', table_id, schema=wider, **as_json, **options)
    assert read(client, table_id) == [(1, None), (2, None), (3, "x")]
    loaded(client, '{"n": 1}', table_id, schema=[Field("n", "INTEGER")], write_disposition="WRITE_TRUNCATE", **as_json)
    assert [dict(row) for row in client.list_rows(table_id)] == [{"n": 1}]


def test_a_load_makes_the_table_it_is_told_to_make(client, table_id):
    config = LoadJobConfig(
        schema=[Field("day", "DATE"), Field("who", "STRING")],
        time_partitioning=bigquery.TimePartitioning(field="day"),
        clustering_fields=["who"],
        destination_table_description="Description",
        labels={"a": "b"},
    )
    job = client.load_table_from_json([{"day": "2020-01-31"}], table_id, job_config=config)
    job.result()
    table = client.get_table(table_id)
    assert (table.time_partitioning.field, table.clustering_fields) == ("day", ["who"])
    assert (table.description, job.labels) == ("Description", {"a": "b"})


@pytest.mark.parametrize(
    ("text", "config", "says"),
    [
        ('{"id": "x"}', {}, "Cannot convert value to integer"),
        ('{"id": 1, "nope": 2}', {}, "no such field: nope"),
        ('{"id": 1', {}, "JSON parsing error in row starting at line 1"),
        ('{"other": 1}', {}, "Required field id cannot be null"),
        ("1,2\n", {"source_format": "CSV"}, "Too many values in line"),
        ("Obj\x01", {"source_format": "AVRO"}, "AVRO is not supported here"),
    ],
)
def test_a_file_that_does_not_fit_leaves_the_table_as_it_was(client, table_id, text, config, says):
    schema = [Field("id", "INTEGER", mode="REQUIRED"), Field("other", "INTEGER")]
    if config.get("source_format") == "CSV":
        schema = schema[:1]
    client.create_table(bigquery.Table(table_id, schema))
    client.insert_rows_json(table_id, [{"id": 7}])
    options = {"source_format": "NEWLINE_DELIMITED_JSON", "write_disposition": "WRITE_TRUNCATE", "schema": schema}
    with pytest.raises(exceptions.BadRequest, match=says):
        loaded(client, text, table_id, **(options | config))
    assert [row["id"] for row in client.list_rows(table_id)] == [7]


def test_some_bad_rows_may_be_left_out(client, table_id):
    text = '{"id": 1}\n{"id": "x"}\n{"id": 3, "nope": 1}\n'
    config = {"source_format": "NEWLINE_DELIMITED_JSON", "schema": [Field("id", "INTEGER")]}
    job = loaded(client, text, table_id, max_bad_records=1, ignore_unknown_values=True, **config)
    assert job.output_rows == 2
    assert read(client, table_id) == [(1,), (3,)]


def test_what_lies_in_cloud_storage_is_not_there(client, table_id):
    with pytest.raises(exceptions.BadRequest, match="there is no Cloud Storage"):
        client.load_table_from_uri("gs://bucket/file.csv", table_id).result()
    with pytest.raises(exceptions.BadRequest, match="Extract jobs are not supported here"):
        client.extract_table(table_id, "gs://bucket/out.csv").result()


# -- copies


def test_tables_are_copied_together_and_over_each_other(client, table_id):
    for number in (1, 2):
        client.query_and_wait(f"CREATE TABLE `{table_id}_{number}` CLUSTER BY id AS SELECT {number} AS id")
    sources = [f"{table_id}_1", f"{table_id}_2"]
    job = client.copy_table(sources, table_id)
    job.result()
    assert sorted(read(client, table_id)) == [(1,), (2,)]
    assert client.get_table(table_id).clustering_fields == ["id"]
    with pytest.raises(exceptions.Conflict):
        client.copy_table(sources[0], table_id).result()
    client.copy_table(sources[0], table_id, job_config=CopyJobConfig(write_disposition="WRITE_APPEND")).result()
    assert client.get_table(table_id).num_rows == 3
    client.copy_table(sources[0], table_id, job_config=CopyJobConfig(write_disposition="WRITE_TRUNCATE")).result()
    assert read(client, table_id) == [(1,)]
    with pytest.raises(exceptions.NotFound):
        client.copy_table(table_id + "_9", table_id + "_10").result()


def test_a_snapshot_stays_as_it_was_and_can_be_gone_back_to(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    config = CopyJobConfig(operation_type=OperationType.SNAPSHOT, destination_expiration_time="2099-01-01T00:00:00Z")
    client.copy_table(table_id, table_id + "_s", job_config=config).result()
    client.query_and_wait(f"INSERT INTO `{table_id}` VALUES (2)")
    snapshot = client.get_table(table_id + "_s")
    assert (snapshot.table_type, read(client, table_id + "_s")) == ("SNAPSHOT", [(1,)])
    assert str(snapshot.snapshot_definition.base_table_reference) == table_id
    with pytest.raises(exceptions.BadRequest, match="table snapshot"):
        client.query_and_wait(f"INSERT INTO `{table_id}_s` VALUES (2)")
    config = CopyJobConfig(operation_type=OperationType.RESTORE, write_disposition="WRITE_TRUNCATE")
    client.copy_table(table_id + "_s", table_id, job_config=config).result()
    assert read(client, table_id) == [(1,)]


def test_a_clone_goes_its_own_way(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    config = CopyJobConfig(operation_type=OperationType.CLONE)
    client.copy_table(table_id, table_id + "_c", job_config=config).result()
    client.query_and_wait(f"INSERT INTO `{table_id}_c` VALUES (2)")
    assert (read(client, table_id), read(client, table_id + "_c")) == ([(1,)], [(1,), (2,)])
    assert str(client.get_table(table_id + "_c").clone_definition.base_table_reference) == table_id


def test_a_deleted_table_is_copied_back_as_it_was(client, table_id, sandbox):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    before = sandbox.world.now_ms()
    wait_until(lambda: sandbox.world.now_ms() > before)
    client.delete_table(table_id)
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 'other' AS name")
    client.copy_table(f"{table_id}@{before}", table_id + "_back").result()
    assert (read(client, table_id + "_back"), read(client, table_id)) == ([(1,)], [("other",)])
    for never in (f"{table_id}_never@{before}", f"{table_id}_back@{before}"):
        with pytest.raises(exceptions.ClientError):
            client.copy_table(never, table_id + "_none").result()
