"""The Storage Read API over gRPC, called by Google's own client."""

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import nanoarrow
import pytest
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, types

from kbq_tui.sandbox import bigquery
from kbq_tui.sandbox.bigquery import arrow as sandbox_arrow
from kbq_tui.sandbox.bigquery.storage_read import _MOST
from kbq_tui.sandbox.faults import Rule
from tests.support import arrow

P = "acme-klaviyo-demo"
TYPES = """CREATE TABLE d.types (
  i INT64, f FLOAT64, n NUMERIC, n2 NUMERIC(10, 2), b BIGNUMERIC, b2 BIGNUMERIC(40, 2), t BOOL, s STRING, y BYTES,
  d DATE, dt DATETIME, ts TIMESTAMP, tm TIME, j JSON, g GEOGRAPHY, v INTERVAL, r RANGE<DATE>, q STRING NOT NULL,
  l ARRAY<INT64>, lb ARRAY<BIGNUMERIC>, lg ARRAY<GEOGRAPHY>, ldt ARRAY<DATETIME>,
  st STRUCT<a INT64, b BIGNUMERIC, c STRUCT<d STRING, e ARRAY<JSON>>>, ls ARRAY<STRUCT<a STRING, g GEOGRAPHY>>)"""
FILLED = """INSERT d.types VALUES (
  9223372036854775807, 1.5, NUMERIC '99999999999999999999999999999.999999999', 12.5,
  BIGNUMERIC '123456789012345678901234567890.5', 12.5, TRUE, 'Grüße', b'\\x00\\xff',
  DATE '9999-12-31', DATETIME '2021-07-21 11:39:45.000001', TIMESTAMP '2015-11-30 19:24:55.484366+00',
  TIME '23:59:59.999999',
  JSON '{"a":[1,null]}', ST_GEOGPOINT(1, 2), INTERVAL '1-2 3 4:5:6' YEAR TO SECOND,
  RANGE<DATE> '[2020-01-01, UNBOUNDED)', 'q',
  [1, 2], [BIGNUMERIC '1.5'], [ST_GEOGPOINT(1, 2)], [DATETIME '2021-07-21 00:00:00'],
  STRUCT(1 AS a, BIGNUMERIC '2.5' AS b, STRUCT('deep' AS d, [JSON '1'] AS e) AS c),
  [STRUCT('x' AS a, ST_GEOGPOINT(3, 4) AS g), STRUCT('y' AS a, NULL AS g)])"""
Start = Callable[..., Any]
Session = Callable[..., Any]


@pytest.fixture
def sandbox(start: Start) -> Any:
    running = start("fresh")
    with running.world.lock:
        statements = [
            "CREATE SCHEMA d",
            "CREATE TABLE d.people (id INT64, name STRING, born DATE, address STRUCT<city STRING, zip STRING>)",
            "INSERT d.people SELECT x, CONCAT('n', CAST(x AS STRING)), DATE '2000-01-01', "
            "STRUCT('c' AS city, 'z' AS zip) FROM UNNEST(GENERATE_ARRAY(0, 9)) AS x",
            "CREATE TABLE d.empty (id INT64)",
            "CREATE VIEW d.view AS SELECT id FROM d.people",
        ]
        bigquery.seed(running.context, P, statements)
    return running


@pytest.fixture
def reader_of(connect: Start) -> Iterator[Callable[..., BigQueryReadClient]]:
    """Make Google's client for a caller, by default the operator."""
    opened: list[grpc.Channel] = []

    def make(sandbox: Any, key: Any = None, scopes: list[str] | None = None) -> BigQueryReadClient:
        opened.append(arrow.channel(sandbox.grpc_address, connect(sandbox, key, scopes).credentials))
        return arrow.client(opened[-1])

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def reader(sandbox: Any, reader_of: Start) -> BigQueryReadClient:
    made: BigQueryReadClient = reader_of(sandbox)
    return made


def seed(sandbox: Any, *statements: str) -> None:
    with sandbox.world.lock:
        bigquery.seed(sandbox.context, P, statements)


def test_every_type_has_googles_arrow_type(sandbox, reader):
    seed(sandbox, TYPES)
    found = arrow.session(reader, f"{P}.d.types")
    schema = nanoarrow.c_schema(nanoarrow.ArrayStream.from_readable(found.arrow_schema.serialized_schema).schema)
    got = {field.name: (field.format, bool(field.flags & 2)) for field in schema.children}
    assert got == {
        "i": ("l", True), "f": ("g", True), "n": ("d:38,9", True), "n2": ("d:10,2", True),
        "b": ("d:76,38,256", True), "b2": ("d:40,2,256", True), "t": ("b", True), "s": ("u", True), "y": ("z", True),
        "d": ("tdD", True), "dt": ("tsu:", True), "ts": ("tsu:UTC", True), "tm": ("ttu", True), "j": ("u", True),
        "g": ("u", True), "v": ("tin", True), "r": ("+s", True), "q": ("u", False), "l": ("+l", False),
        "lb": ("+l", False), "lg": ("+l", False), "ldt": ("+l", False), "st": ("+s", True), "ls": ("+l", False),
    }  # fmt: skip
    inside = {f.name: [(c.name, c.format) for c in f.children] for f in schema.children if f.n_children}
    assert inside["r"] == [("start", "tdD"), ("end", "tdD")]
    assert inside["lb"] == [("item", "d:76,38,256")]
    assert inside["st"] == [("a", "l"), ("b", "d:76,38,256"), ("c", "+s")]
    named = {f.name: dict(f.metadata.items()) for f in schema.children if f.metadata is not None}
    said = {name: found[b"ARROW:extension:name"] for name, found in named.items()}
    assert said == {
        "dt": b"google:sqlType:datetime", "j": b"google:sqlType:json", "g": b"google:sqlType:geography",
        "v": b"google:sqlType:interval", "lg": b"google:sqlType:geography", "ldt": b"google:sqlType:datetime",
    }  # fmt: skip
    assert named["g"][b"ARROW:extension:metadata"] == b'{"encoding": "WKT"}'


def test_every_type_is_read(sandbox, reader):
    seed(sandbox, TYPES, FILLED, "INSERT d.types (q) VALUES ('empty')")
    full, empty = arrow.rows(reader, arrow.session(reader, f"{P}.d.types"))
    interval = full.pop("v")
    assert (interval[0], interval[1], interval[2]) == (14, 3, 14_706_000_000_000)
    number = decimal.Decimal
    assert full == {
        "i": 2**63 - 1, "f": 1.5, "n": number("99999999999999999999999999999.999999999"), "n2": number("12.5"),
        "b": number("123456789012345678901234567890.5"), "b2": number("12.5"), "t": True, "s": "Grüße",
        "y": b"\x00\xff", "d": dt.date(9999, 12, 31), "dt": dt.datetime(2021, 7, 21, 11, 39, 45, 1),
        "ts": dt.datetime(2015, 11, 30, 19, 24, 55, 484366, dt.UTC), "tm": dt.time(23, 59, 59, 999999),
        "j": '{"a":[1,null]}', "g": "POINT(1 2)", "r": {"start": dt.date(2020, 1, 1), "end": None}, "q": "q",
        "l": [1, 2], "lb": [number("1.5")], "lg": ["POINT(1 2)"], "ldt": [dt.datetime(2021, 7, 21)],
        "st": {"a": 1, "b": number("2.5"), "c": {"d": "deep", "e": ["1"]}},
        "ls": [{"a": "x", "g": "POINT(3 4)"}, {"a": "y", "g": None}],
    }  # fmt: skip
    lists = ("l", "lb", "lg", "ldt", "ls")
    assert empty == dict.fromkeys(empty) | {key: [] for key in lists} | {"q": "empty"}


def test_negative_numbers_are_twos_complements(sandbox, reader):
    # nanoarrow 0.9 reads them as positive numbers, so they are read here
    seed(
        sandbox,
        "CREATE TABLE d.negative (n NUMERIC, b BIGNUMERIC)",
        "INSERT d.negative VALUES (NUMERIC '-99999999999999999999999999999.999999999', BIGNUMERIC '-0.25')",
    )
    found = arrow.session(reader, f"{P}.d.negative")
    (answer,) = arrow.answers(reader, found)
    schema, batch = found.arrow_schema.serialized_schema, answer.arrow_record_batch.serialized_record_batch
    columns = nanoarrow.ArrayStream.from_readable(schema + batch).read_next().iter_children()
    integers = [int.from_bytes(bytes(column.buffer(1)), "little", signed=True) for column in columns]
    assert integers == [-(10**38) + 1, -25 * 10**36]


def test_a_session_describes_itself(sandbox, reader):
    found = arrow.session(reader, f"{P}.d.people", streams=5)
    assert found.name.startswith(f"projects/{P}/locations/us/sessions/")
    assert [stream.name for stream in found.streams] == [f"{found.name}/streams/0"]
    assert (found.data_format, found.estimated_row_count) == (types.DataFormat.ARROW, 10)
    assert found.estimated_total_bytes_scanned > 0
    assert found.table == f"projects/{P}/datasets/d/tables/people"
    left = found.expire_time.timestamp() - sandbox.world.clock()
    assert 6 * 3600 - 60 < left <= 6 * 3600
    (answer,) = arrow.answers(reader, found)
    assert (answer.row_count, answer.stats.progress.at_response_end) == (10, 1.0)
    assert answer.arrow_schema == found.arrow_schema


def test_an_empty_table_has_no_stream(reader):
    found = arrow.session(reader, f"{P}.d.empty")
    assert (list(found.streams), arrow.rows(reader, found)) == ([], [])
    assert found.arrow_schema.serialized_schema


def test_selected_fields_come_in_the_tables_order(reader):
    found = arrow.session(reader, f"{P}.d.people", selected_fields=["address.zip", "ID"])
    assert arrow.rows(reader, found)[3] == {"id": 3, "address": {"zip": "z"}}


def test_rows_are_read_from_an_offset(reader):
    found = arrow.session(reader, f"{P}.d.people")
    assert [row["id"] for row in arrow.rows(reader, found, 7)] == [7, 8, 9]
    assert arrow.rows(reader, found, 10) == []
    with pytest.raises(exceptions.FailedPrecondition, match="offset 100 has not been allocated yet"):
        arrow.answers(reader, found, 100)


def test_a_large_table_comes_in_several_batches(sandbox, reader):
    seed(sandbox, "CREATE TABLE d.large AS SELECT x, REPEAT('y', 100) AS y FROM UNNEST(GENERATE_ARRAY(1, 50000)) AS x")
    found = arrow.session(reader, f"{P}.d.large")
    all_of_them = arrow.answers(reader, found)
    assert len(all_of_them) > 4
    sizes = [len(answer.arrow_record_batch.serialized_record_batch) for answer in all_of_them]
    assert max(sizes) <= sandbox_arrow._MOST
    assert sum(answer.row_count for answer in all_of_them) == 50_000
    assert [row["x"] for row in arrow.rows(reader, found, 1_234)] == list(range(1_235, 50_001))


def test_a_session_reads_the_rows_of_its_creation(sandbox, reader):
    found = arrow.session(reader, f"{P}.d.people", selected_fields=["id"])
    seed(sandbox, "DELETE d.people WHERE id > 1")
    assert len(arrow.rows(reader, found)) == 10
    seed(sandbox, "DROP TABLE d.people")
    assert len(arrow.rows(reader, found)) == 10


def test_old_sessions_end(reader):
    first = arrow.session(reader, f"{P}.d.people")
    for _ in range(_MOST):
        last = arrow.session(reader, f"{P}.d.people")
    assert len(arrow.rows(reader, last)) == 10
    with pytest.raises(exceptions.NotFound, match="There is no read stream"):
        arrow.answers(reader, first)


def test_a_restriction_chooses_rows(reader):
    found = arrow.session(
        reader, f"{P}.d.people", selected_fields=["name"], row_restriction="id > 7 AND born < '2001-01-01'"
    )
    assert arrow.rows(reader, found) == [{"name": "n8"}, {"name": "n9"}]


@pytest.mark.parametrize(
    ("restriction", "text"),
    [
        ("id > (SELECT 1)", "takes no subqueries"),
        ("SUM(id) > 1", "takes no subqueries"),
        ("TRUE) LIMIT (1", "is not one expression"),
        ("nope = 1", "Unrecognized name: nope"),
        ("CAST(name AS INT64) = 1", "Bad int64 value: n"),
        ("id >", "Syntax error"),
    ],
)
def test_a_wrong_restriction_is_refused(reader, restriction, text):
    with pytest.raises(exceptions.InvalidArgument, match=text):
        arrow.session(reader, f"{P}.d.people", row_restriction=restriction)


def test_a_snapshot_is_read_where_nothing_has_changed_since(sandbox, reader):
    table = sandbox.world.dataset(P, "d").tables["people"]
    after = dt.datetime.fromtimestamp(table.modified_ms / 1000 + 0.001, dt.UTC)
    assert len(arrow.rows(reader, arrow.session(reader, f"{P}.d.people", modifiers={"snapshot_time": after}))) == 10
    with pytest.raises(exceptions.InvalidArgument, match="Invalid snapshot time"):
        arrow.session(reader, f"{P}.d.people", modifiers={"snapshot_time": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)})


@pytest.mark.parametrize(
    ("table", "options", "error", "text"),
    [
        ("view", {}, exceptions.InvalidArgument,
         "request failed: non-table entities cannot be read with the storage API"),
        ("people", {"data_format": 0}, exceptions.InvalidArgument, "request failed: data format unspecified"),
        ("people", {"data_format": types.DataFormat.AVRO}, exceptions.MethodNotImplemented, "AVRO is not supported"),
        ("people", {"selected_fields": ["id", "no", "address.no"]}, exceptions.InvalidArgument,
         "request failed: The following selected fields do not exist in the table schema: no, address.no"),
        ("people", {"sample_percentage": 5.0}, exceptions.InvalidArgument, "sample_percentage is not supported"),
        ("people", {"streams": -1}, exceptions.InvalidArgument, "max_stream_count must not be negative"),
        ("none", {}, exceptions.NotFound, f"Not found: Table {P}:d.none"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(reader, table, options, error, text):
    with pytest.raises(error, match=text):
        arrow.session(reader, f"{P}.d.{table}", **options)


def test_a_stream_cannot_be_split(reader):
    with pytest.raises(exceptions.MethodNotImplemented, match="SplitReadStream is not supported by the sandbox"):
        reader.split_read_stream({"name": f"projects/{P}/locations/us/sessions/s/streams/0"})


def granted(sandbox: Any, operator: Any, new_key: Any, *roles: str) -> dict[str, Any]:
    """A key of an account with these roles on the project."""
    key: dict[str, Any] = new_key(operator)
    for role in roles:
        project = sandbox.world.projects[P]
        member = f"serviceAccount:{key['client_email']}"
        sandbox.world.set_policy(project, [*project.policy.bindings, {"role": role, "members": [member]}], 1)
    sandbox.world.delays.clear()
    sandbox.world.settle()
    return key


@pytest.mark.parametrize(
    ("roles", "text"),
    [
        (["roles/bigquery.dataViewer", "roles/bigquery.jobUser"],
         f"request failed: the user does not have 'bigquery.readsessions.create' permission for 'projects/{P}'"),
        (["roles/bigquery.readSessionUser"],
         f"the user does not have 'bigquery.tables.getData' permission for 'projects/{P}/datasets/d/tables/people'"),
    ],
)  # fmt: skip
def test_a_missing_permission_is_named(sandbox, operator, new_key, reader_of, roles, text):
    sandbox.world.delays.clear()
    reader = reader_of(sandbox, granted(sandbox, operator, new_key, *roles))
    with pytest.raises(exceptions.PermissionDenied, match=text):
        arrow.session(reader, f"{P}.d.people")


def test_the_permission_is_asked_again_when_rows_are_read(sandbox, operator, new_key, reader_of):
    sandbox.world.delays.clear()
    reader = reader_of(sandbox, granted(sandbox, operator, new_key, "roles/bigquery.dataViewer", "roles/bigquery.user"))
    found = arrow.session(reader, f"{P}.d.people")
    assert len(arrow.rows(reader, found)) == 10
    project = sandbox.world.projects[P]
    sandbox.world.set_policy(project, [b for b in project.policy.bindings if b["role"] != "roles/bigquery.user"], 1)
    with pytest.raises(exceptions.PermissionDenied, match=r"'bigquery\.readsessions\.getData' permission for"):
        arrow.answers(reader, found)


def test_policies_of_rows_and_columns_count(sandbox, reader):
    traits = sandbox.world.dataset(P, "d").tables["people"].traits
    traits["row_policies"] = [{"grantees": [f"serviceAccount:{sandbox.operator}"], "filter": "id < 2"}]
    assert [row["id"] for row in arrow.rows(reader, arrow.session(reader, f"{P}.d.people"))] == [0, 1]
    traits["row_policies"] = [{"grantees": ["user:else@acme.example"], "filter": "TRUE"}]
    assert list(arrow.session(reader, f"{P}.d.people").streams) == []
    traits.clear()
    traits["policy_tags"] = {"name": "Taxonomy : High"}
    sandbox.world.projects[P].policy.bindings[:] = [
        {"role": role, "members": [f"serviceAccount:{sandbox.operator}"]} for role in ("roles/bigquery.admin",)
    ]
    with pytest.raises(exceptions.PermissionDenied, match="policy tag"):
        arrow.session(reader, f"{P}.d.people")
    assert arrow.rows(reader, arrow.session(reader, f"{P}.d.people", selected_fields=["id"]))


def test_a_demanded_partition_filter_counts(sandbox, reader):
    seed(
        sandbox,
        "CREATE TABLE d.parts (day DATE, n INT64) PARTITION BY day OPTIONS(require_partition_filter=TRUE)",
        "INSERT d.parts VALUES (DATE '2020-01-01', 1), (DATE '2020-01-02', 2)",
    )
    with pytest.raises(exceptions.InvalidArgument, match="that can be used for partition elimination"):
        arrow.session(reader, f"{P}.d.parts")
    found = arrow.session(reader, f"{P}.d.parts", row_restriction="day = '2020-01-02'", selected_fields=["n"])
    assert arrow.rows(reader, found) == [{"n": 2}]


def test_the_token_must_cover_bigquery(sandbox, reader_of):
    reader = reader_of(sandbox, None, ["https://www.googleapis.com/auth/cloudplatformprojects"])
    with pytest.raises(exceptions.PermissionDenied, match="insufficient authentication scopes"):
        arrow.session(reader, f"{P}.d.people")
    assert arrow.session(
        reader_of(sandbox, None, ["https://www.googleapis.com/auth/bigquery"]), f"{P}.d.people"
    ).streams


def test_the_api_must_be_on(sandbox, reader):
    sandbox.world.projects[P].services.discard("bigquerystorage.googleapis.com")
    with pytest.raises(exceptions.PermissionDenied, match="BigQuery Storage API has not been used in project"):
        arrow.session(reader, f"{P}.d.people")


def test_faults_and_the_log_know_the_calls(sandbox, reader):
    found = arrow.session(reader, f"{P}.d.people")
    arrow.answers(reader, found)
    calls = [(call.method, call.status) for call in sandbox.world.calls]
    assert calls[-2:] == [("bigquerystorage.createReadSession", 200), ("bigquerystorage.readRows", 200)]
    sandbox.context.faults.replace([Rule("bigquerystorage.*", "status", status=403, message="not now", every=1)])
    with pytest.raises(exceptions.PermissionDenied, match="not now"):
        arrow.session(reader, f"{P}.d.people")
    with pytest.raises(exceptions.PermissionDenied, match="not now"):
        arrow.answers(reader, found)


def test_a_call_that_fails_once_is_repeated_by_the_client(sandbox, reader):
    sandbox.context.faults.replace([Rule("bigquerystorage.*", "reset", when="after", nth=1)])
    assert len(arrow.rows(reader, arrow.session(reader, f"{P}.d.people"))) == 10
