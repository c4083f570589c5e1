"""The queries of the source check, for tables of every kind."""

import datetime as dt

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.bigquery import sampling
from kbq_tui.sandbox.server import Sandbox

P = "acme-klaviyo-demo"
ACCOUNT = "klaviyo-data-transfer-user"
SCENARIO = f"""
project = "{P}"
[operator.roles]
{P} = ["roles/owner"]
[[projects]]
id = "{P}"
sql = [
    "CREATE TABLE d.people AS SELECT n AS id, CONCAT('p', CAST(n AS STRING), '@example.com') AS email, '+12025550100' AS phone, IF(MOD(n, 2) = 0, 'EU', 'US') AS region FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS n",
    "CREATE TABLE d.events (id INT64, email STRING, at TIMESTAMP) PARTITION BY DATE(at) CLUSTER BY email OPTIONS(require_partition_filter = TRUE, partition_expiration_days = 90, description = 'All of them')",
    "INSERT d.events SELECT n, 'a@example.com', TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL n HOUR) FROM UNNEST(GENERATE_ARRAY(0, 239)) AS n",
    "CREATE VIEW d.narrow AS SELECT * FROM d.people",
    "CREATE VIEW d.over_events AS SELECT id, email, at FROM d.events",
    "CREATE MATERIALIZED VIEW d.counted AS SELECT region, COUNT(*) AS people FROM d.people GROUP BY region",
    "CREATE SNAPSHOT TABLE d.kept CLONE d.people OPTIONS(expiration_timestamp = TIMESTAMP '2099-01-01')",
    "CREATE TABLE d.cloned CLONE d.people",
    "CREATE TABLE d.alike LIKE d.events",
    "CREATE TABLE d.bucketed (email STRING)",
    "CREATE TABLE d.sheet (email STRING)",
    "CREATE TABLE d.tagged AS SELECT email, phone FROM d.people",
    "CREATE TABLE d.filtered AS SELECT email, region FROM d.people",
    "CREATE TABLE d.People (email STRING)",
    "CREATE TABLE subscribed.offers (email STRING)",
]
[projects.traits]
"d.bucketed" = {{ bucket = {{ uri = "gs://acme-exports/people-*.csv", readers = ["operator@kbq-sandbox-ops.iam.gserviceaccount.com"] }} }}
"d.sheet" = {{ drive = {{ shared_with = ["owner@acme.example"] }} }}
"d.tagged" = {{ policy_tags = {{ phone = "PII : Phone" }} }}
"d.filtered" = {{ row_policies = [{{ grantees = ["serviceAccount:{ACCOUNT}@{P}.iam.gserviceaccount.com"], filter = "region = 'EU'" }}] }}
"subscribed" = {{ linked = {{ project = "acme-publisher", dataset = "offers" }} }}
[[projects.bindings]]
role = "roles/bigquery.user"
members = ["serviceAccount:{ACCOUNT}@{P}.iam.gserviceaccount.com"]
[[projects.accounts]]
id = "{ACCOUNT}"
keys = 1
key_file = true
[[projects.datasets]]
id = "d"
access = [{{ role = "READER", userByEmail = "{ACCOUNT}@{P}.iam.gserviceaccount.com" }}]
[[projects.datasets]]
id = "subscribed"
"""  # noqa: E501


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    file = tmp_path_factory.mktemp("scenario") / "sources.toml"
    file.write_text(SCENARIO)
    with Sandbox(str(file)) as running:
        yield running


def client_of(sandbox, key_file):
    credentials = service_account.Credentials.from_service_account_file(
        str(key_file), scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    return bigquery.Client(P, credentials, client_options={"api_endpoint": sandbox.url})


@pytest.fixture(scope="module")
def operator(sandbox):
    return client_of(sandbox, sandbox.key_file)


@pytest.fixture(scope="module")
def account(sandbox):
    return client_of(sandbox, sandbox.account_keys[f"{ACCOUNT}@{P}.iam.gserviceaccount.com"])


def rows(client, sql, **options):
    config = bigquery.QueryJobConfig(default_dataset=f"{P}.d", **options)
    return [row.values() for row in client.query(sql, job_config=config, job_retry=None).result()]


def refusal(client, sql, **options):
    """Reason and text."""
    with pytest.raises(GoogleAPICallError) as caught:
        rows(client, sql, **options)
    return caught.value.errors[0]["reason"], caught.value.errors[0]["message"]


def dry_run(client, sql):
    """Bytes, and the ids of the tables it reads."""
    config = bigquery.QueryJobConfig(default_dataset=f"{P}.d", dry_run=True)
    job = client.query(sql, job_config=config)
    assert job.total_bytes_billed == 0
    return job.total_bytes_processed, [table.table_id for table in job.referenced_tables]


EIGHT = 8 * 1000  # an INT64 in each of a thousand rows


@pytest.mark.parametrize(
    ("sql", "size", "tables"),
    [
        ("SELECT id FROM people", EIGHT, ["people"]),
        ("SELECT COUNT(*) FROM people", 0, ["people"]),
        ("SELECT * EXCEPT (email, phone, region) FROM people", EIGHT, ["people"]),
        ("SELECT id FROM (SELECT * FROM people)", EIGHT, ["people"]),
        ("WITH p AS (SELECT id, email FROM people) SELECT MAX(id) FROM p", EIGHT, ["people"]),
        ("SELECT id FROM narrow", EIGHT, ["narrow", "people"]),
        ("SELECT id FROM people WHERE region = 'EU'", EIGHT + 4 * 1000, ["people"]),
        ("SELECT a.id FROM people a JOIN people b ON a.id = b.id", 2 * EIGHT, ["people"]),
        ("SELECT id FROM events WHERE at >= TIMESTAMP '2026-01-09' AND at < TIMESTAMP '2026-01-10'",
         24 * (8 + 8), ["events"]),
        ("SELECT id FROM over_events WHERE at >= TIMESTAMP '2026-01-10'", 24 * (8 + 8), ["over_events", "events"]),
    ],
)  # fmt: skip
def test_a_dry_run_tells_the_bytes_of_what_is_read(operator, sql, size, tables):
    assert dry_run(operator, sql) == (size, tables)


def test_a_query_is_billed_by_the_table_and_the_megabyte(operator):
    config = bigquery.QueryJobConfig(default_dataset=f"{P}.d", maximum_bytes_billed=20 * 1024 * 1024)
    job = operator.query("SELECT a.id FROM people a JOIN people b ON a.id = b.id", job_config=config)
    assert (job.result().total_rows, job.total_bytes_billed) == (1000, 20 * 1024 * 1024)


def test_a_query_over_its_limit_of_bytes_is_refused(operator):
    assert refusal(operator, "SELECT id FROM people", maximum_bytes_billed=1000) == (
        "bytesBilledLimitExceeded",
        "Query exceeded limit for bytes billed: 1000. 10485760 or higher required.",
    )
    assert rows(operator, "SELECT COUNT(*) FROM people", maximum_bytes_billed=1) == [(1000,)]


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("", False),
        ("WHERE email = 'a@example.com'", False),
        ("WHERE at > TIMESTAMP '2026-01-01' OR email = 'x'", False),
        ("WHERE at > TIMESTAMP '2026-01-01' AND email = 'x'", True),
        ("WHERE DATE(at) = '2026-01-01'", True),
        ("WHERE at IS NULL OR at < TIMESTAMP '2026-01-01'", True),
    ],
)
def test_a_demanded_partition_filter_is_one_over_the_partitions_column(operator, where, fits):
    sql = f"SELECT id FROM events {where}"
    if fits:
        assert isinstance(rows(operator, sql), list)
    else:
        assert refusal(operator, sql) == (
            "invalidQuery",
            f"Cannot query over table '{P}.d.events' without a filter over column(s) 'at' that can be used for "
            "partition elimination",
        )


def test_a_filter_over_a_view_reaches_the_table(operator):
    assert len(rows(operator, "SELECT id FROM over_events WHERE DATE(at) = '2026-01-02'")) == 24
    assert refusal(operator, "SELECT id FROM over_events")[0] == "invalidQuery"


def test_a_sample_is_of_whole_blocks(operator, monkeypatch):
    monkeypatch.setattr(sampling, "BLOCK", 100)
    sql = "SELECT COUNT(*), COUNT(DISTINCT DIV(id - 1, 100)) FROM people TABLESAMPLE SYSTEM ({} PERCENT)"
    assert rows(operator, sql.format(30)) == [(300, 3)]
    assert rows(operator, sql.format(1)) == [(100, 1)], "a sample that is not of zero percent gives something"
    assert rows(operator, sql.format(0)) == [(0, 0)]
    assert dry_run(operator, "SELECT id FROM people AS p TABLESAMPLE SYSTEM (20 PERCENT)") == (8 * 200, ["people"])


def test_a_small_table_is_sampled_as_a_whole(operator):
    assert rows(operator, "SELECT COUNT(*) FROM people TABLESAMPLE SYSTEM (1 PERCENT)") == [(1000,)]


@pytest.mark.parametrize(
    "source", ["narrow TABLESAMPLE SYSTEM (1 PERCENT)", "people TABLESAMPLE BERNOULLI (1 PERCENT)",
               "people TABLESAMPLE SYSTEM (101 PERCENT)"]
)  # fmt: skip
def test_what_cannot_be_sampled_is_refused(operator, source):
    assert refusal(operator, f"SELECT 1 FROM {source}")[0] == "invalidQuery"


def test_kinds_of_tables(operator):
    listed = {table.table_id: table.table_type for table in operator.list_tables("d")}
    told = dict(rows(operator, "SELECT table_name, table_type FROM d.INFORMATION_SCHEMA.TABLES"))
    assert {name: (listed[name], told[name]) for name in listed} == {
        "people": ("TABLE", "BASE TABLE"),
        "People": ("TABLE", "BASE TABLE"),
        "events": ("TABLE", "BASE TABLE"),
        "alike": ("TABLE", "BASE TABLE"),
        "tagged": ("TABLE", "BASE TABLE"),
        "filtered": ("TABLE", "BASE TABLE"),
        "cloned": ("TABLE", "CLONE"),
        "kept": ("SNAPSHOT", "SNAPSHOT"),
        "narrow": ("VIEW", "VIEW"),
        "over_events": ("VIEW", "VIEW"),
        "counted": ("MATERIALIZED_VIEW", "MATERIALIZED VIEW"),
        "bucketed": ("EXTERNAL", "EXTERNAL"),
        "sheet": ("EXTERNAL", "EXTERNAL"),
    }
    assert operator.get_table("d.bucketed").external_data_configuration.source_uris == [
        "gs://acme-exports/people-*.csv"
    ]
    assert (operator.get_table("d.kept").num_rows, operator.get_table("d.alike").num_rows) == (1000, 0)


def test_views_tell_what_a_table_is_like(operator):
    schema = "d.INFORMATION_SCHEMA"
    columns = f"SELECT column_name, is_partitioning_column, clustering_ordinal_position FROM {schema}.COLUMNS"
    assert rows(operator, f"{columns} WHERE table_name = 'events' ORDER BY ordinal_position") == [
        ("id", "NO", None), ("email", "NO", 1), ("at", "YES", None),
    ]  # fmt: skip
    tags = f"SELECT column_name, policy_tags FROM {schema}.COLUMNS WHERE table_name = 'tagged'"
    found = dict(rows(operator, tags))
    assert (found["email"], len(found["phone"])) == ([], 1)
    assert found["phone"][0].startswith(f"projects/{P}/locations/us/taxonomies/")
    options = f"SELECT option_name, option_type, option_value FROM {schema}.TABLE_OPTIONS WHERE table_name = "
    assert rows(operator, f"{options}'events'") == [
        ("partition_expiration_days", "FLOAT64", "90.0"),
        ("require_partition_filter", "BOOL", "true"),
        ("description", "STRING", '"All of them"'),
    ]
    assert rows(operator, f"{options}'kept'") == [
        ("expiration_timestamp", "TIMESTAMP", 'TIMESTAMP "2099-01-01T00:00:00.000Z"')
    ]
    parts = f"SELECT partition_id, total_rows, total_logical_bytes FROM {schema}.PARTITIONS WHERE table_name = "
    assert rows(operator, f"{parts}'events' ORDER BY 1 LIMIT 2") == [
        ("20260101", 24, 24 * 31), ("20260102", 24, 24 * 31),
    ]  # fmt: skip
    assert [row[:2] for row in rows(operator, f"{parts}'people'")] == [(None, 1000)]
    views = f"SELECT table_name, use_standard_sql FROM {schema}.VIEWS ORDER BY 1"
    assert rows(operator, views) == [("narrow", "YES"), ("over_events", "YES")]
    assert rows(operator, f"SELECT table_name FROM {schema}.MATERIALIZED_VIEWS") == [("counted",)]
    base = f"SELECT base_table_name FROM {schema}.TABLES WHERE table_name IN ('kept', 'cloned', 'people') ORDER BY 1"
    assert rows(operator, base) == [(None,), ("people",), ("people",)]


def test_a_table_in_a_bucket_is_read_by_who_may_read_the_bucket(operator, account):
    assert rows(operator, "SELECT email FROM bucketed") == []
    reason, text = refusal(account, "SELECT email FROM bucketed")
    assert (reason, text) == (
        "accessDenied",
        "Access Denied: BigQuery BigQuery: Permission denied while globbing file pattern. "
        f"{ACCOUNT}@{P}.iam.gserviceaccount.com does not have storage.objects.list access to the Google Cloud Storage "
        "bucket. Permission 'storage.objects.list' denied on resource (or it may not exist). Please make sure "
        "gs://acme-exports/people-*.csv is accessible via appropriate IAM roles, e.g. Storage Object Viewer or Storage "
        "Object Creator.",
    )


def test_a_tagged_column_is_refused_only_where_it_is_read(account):
    assert rows(account, "SELECT COUNT(email) FROM tagged") == [(1000,)]
    assert len(rows(account, "SELECT * EXCEPT (phone) FROM tagged")) == 1000
    assert rows(account, "SELECT COUNT(email) FROM (SELECT * FROM tagged)") == [(1000,)]
    reason, text = refusal(account, "SELECT * FROM tagged")
    assert (reason, 'policy tag "PII : Phone" on column' in text, f"{P}.d.tagged.phone" in text) == (
        "accessDenied", True, True,
    )  # fmt: skip


def test_rows_are_those_that_a_policy_lets_through(operator, account):
    assert rows(account, "SELECT COUNT(*) FROM filtered") == [(500,)]
    assert rows(operator, "SELECT COUNT(*) FROM filtered") == [(0,)]


def test_a_linked_dataset_is_only_read(operator):
    found = operator.get_dataset("subscribed")
    assert found.to_api_repr()["type"] == "LINKED"
    assert rows(operator, "SELECT email FROM subscribed.offers") == []
    for sql in ("INSERT subscribed.offers VALUES ('x')", "CREATE TABLE subscribed.t (a INT64)",
                "DROP TABLE subscribed.offers"):  # fmt: skip
        assert "linked dataset" in refusal(operator, sql)[1]


def test_names_that_differ_in_case_only_are_two_tables(operator):
    assert rows(operator, "SELECT COUNT(*) FROM people") == [(1000,)]
    assert rows(operator, "SELECT COUNT(*) FROM People") == [(0,)]


def test_a_table_as_it_was_is_right_or_refused(operator):
    name = "d.travelled"
    operator.query(f"CREATE TABLE {name} AS SELECT 1 AS a").result()
    made = operator.get_table(name).modified
    at = f"TIMESTAMP '{(made + dt.timedelta(milliseconds=1)).isoformat()}'"
    sql = f"SELECT a FROM {name} FOR SYSTEM_TIME AS OF {at}"
    assert rows(operator, sql) == [(1,)]
    before = f"SELECT a FROM {name} FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01'"
    assert "Cannot read before" in refusal(operator, before)[1]
    operator.query(f"INSERT {name} SELECT 2").result()
    assert "not supported by the sandbox" in refusal(operator, sql)[1]
    operator.delete_table(name)


def test_external_tables_are_made_and_have_no_files(operator):
    operator.query(
        "CREATE EXTERNAL TABLE d.made (a INT64) OPTIONS(format = 'CSV', uris = ['gs://none/x.csv'])"
    ).result()
    assert operator.get_table("d.made").table_type == "EXTERNAL"
    assert refusal(operator, "SELECT a FROM made") == ("notFound", "Not found: URI gs://none/x.csv")
    operator.query("DROP EXTERNAL TABLE d.made").result()
    assert refusal(operator, "DROP EXTERNAL TABLE kept")[1].endswith("An external table was expected.")
    assert refusal(operator, "CREATE EXTERNAL TABLE x OPTIONS(format = 'CSV', uris = ['gs://none/y'])")[0] == "notFound"
    config = bigquery.ExternalConfig("PARQUET")
    config.source_uris = ["gs://none/x.parquet"]
    table = bigquery.Table(f"{P}.d.made", [bigquery.SchemaField("a", "INT64")])
    table.external_data_configuration = config
    assert operator.create_table(table).table_type == "EXTERNAL"
    operator.delete_table(table)
