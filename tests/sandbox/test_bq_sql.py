"""GoogleSQL in the sandbox: accepted and refused as by BigQuery, through Google's own client."""

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox
from tests.support.polling import PATIENCE

P = "acme-klaviyo-demo"
SA = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"
IMPORT, TMP = f"{P}.KLAVIYO_IMPORT_FROM_DWH", f"{P}.KLAVIYO_TMP"


@pytest.fixture(scope="module")
def world():
    """`existing` (both datasets in the US, two tables, a view, the account with its grants) and an EU dataset."""
    with Sandbox("existing") as sandbox:
        run(client(sandbox), "CREATE SCHEMA elsewhere OPTIONS(location='EU'); CREATE TABLE elsewhere.t (id INT64)")
        yield sandbox


@pytest.fixture(scope="module")
def operator(world):
    return client(world)


def client(sandbox, key=None):
    credentials = service_account.Credentials.from_service_account_file(
        key or sandbox.key_file, scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    return bigquery.Client(project=P, credentials=credentials, client_options={"api_endpoint": sandbox.url})


def run(bq, sql, **more):
    """The rows as tuples."""
    return [tuple(row) for row in bq.query_and_wait(sql, retry=None, job_retry=None, api_timeout=PATIENCE, **more)]


def refused(bq, sql, **more):
    """HTTP status, reason and text of the refusal."""
    with pytest.raises(GoogleAPICallError) as caught:
        run(bq, sql, **more)
    entry = caught.value.errors[0]
    return caught.value.code, entry["reason"], entry["message"]


# -- right

ANSWERS = [
    ("SELECT 1", [(1,)]),
    ("SELECT 1 + 1 AS two, 'a' AS a, TRUE AS yes, NULL AS nothing, 1.5 AS f", [(2, "a", True, None, 1.5)]),
    (f"SELECT COUNT(*) FROM `{IMPORT}.customers` LIMIT 1", [(3,)]),
    (f"SELECT COUNT(*) FROM {P}.KLAVIYO_IMPORT_FROM_DWH.customers", [(3,)]),
    (f"SELECT first_name FROM `{P}`.KLAVIYO_IMPORT_FROM_DWH.`customers` ORDER BY email LIMIT 1", [("Ada",)]),
    ("SELECT c.country, o.total FROM KLAVIYO_IMPORT_FROM_DWH.customers c "
     "JOIN KLAVIYO_IMPORT_FROM_DWH.orders o USING (email) WHERE o.total > 80", [("US", 89.9)]),
    (f"SELECT email, orders FROM `{IMPORT}.buyers` ORDER BY email",
     [("ada@example.com", 1), ("grace@example.com", 1)]),
    ("WITH recent AS (SELECT email FROM KLAVIYO_IMPORT_FROM_DWH.customers WHERE updated_at > TIMESTAMP '2026-11-10') "
     "SELECT COUNT(*) FROM recent", [(2,)]),
    ("SELECT x FROM UNNEST([3, 1, 2]) AS x ORDER BY x", [(1,), (2,), (3,)]),
    ("SELECT SESSION_USER()", [("operator@kbq-sandbox-ops.iam.gserviceaccount.com",)]),
    ("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a", [(1,), (2,)]),
    ("SELECT IF(TRUE, 'y', 'n'), SAFE_CAST('x' AS INT64), COALESCE(NULL, 3)", [("y", None, 3)]),
    # without a region qualifier only the US is seen
    (f"SELECT schema_name FROM `{P}.INFORMATION_SCHEMA.SCHEMATA` "
     "WHERE schema_name IN ('KLAVIYO_TMP', 'elsewhere')", [("KLAVIYO_TMP",)]),
    (f"SELECT schema_name, location FROM `{P}`.`region-eu`.INFORMATION_SCHEMA.SCHEMATA", [("elsewhere", "EU")]),
    (f"SELECT table_name, table_type FROM `{IMPORT}.INFORMATION_SCHEMA.TABLES` ORDER BY 1",
     [("buyers", "VIEW"), ("customers", "BASE TABLE"), ("orders", "BASE TABLE")]),
    (f"SELECT column_name, data_type, is_nullable FROM `{IMPORT}`.INFORMATION_SCHEMA.COLUMNS "
     "WHERE table_name = 'customers' AND ordinal_position > 3",
     [("lifetime_value", "NUMERIC", "YES"), ("updated_at", "TIMESTAMP", "YES")]),
    # direct grants only: the project's jobUser is not there
    (f"SELECT object_schema, object_name, object_type, privilege_type, grantee FROM "
     f"`{P}`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES "
     f"WHERE object_name = 'KLAVIYO_TMP' AND grantee = 'serviceAccount:{SA}'",
     [(None, "KLAVIYO_TMP", "SCHEMA", "roles/bigquery.dataEditor", f"serviceAccount:{SA}")]),
    # the article's way of naming the grantee finds nothing
    (f"SELECT privilege_type FROM `{P}`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES "
     f"WHERE object_name = 'KLAVIYO_TMP' AND grantee = '{SA}'", []),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), ANSWERS)
def test_a_query_answers(operator, sql, rows):
    found = [tuple(float(v) if type(v).__name__ == "Decimal" else v for v in row) for row in run(operator, sql)]
    assert found == rows


# -- wrong

REFUSALS = [
    ("", 400, "invalid", "Required parameter is missing: query"),
    (";", 400, "invalidQuery", "Syntax error: Unexpected end of statement at [1:2]"),
    ("SELEC 1", 400, "invalidQuery", 'Syntax error: Unexpected identifier "SELEC" at [1:1]'),
    ("SELECT\n  1 one two", 400, "invalidQuery",
     'Syntax error: Expected end of input but got identifier "two" at [2:9]'),
    ("SELECT FROM x.y", 400, "invalidQuery", "Syntax error: SELECT list must not be empty at [1:8]"),
    ("SELECT (1", 400, "invalidQuery", 'Syntax error: Expected ")" but got end of statement at [1:10]'),
    ("SELECT 'open", 400, "invalidQuery", "Syntax error: Unclosed string literal at [1:8]"),
    ("SELECT * FROM `open", 400, "invalidQuery", "Syntax error: Unclosed identifier literal at [1:15]"),
    ("SELECT 1 FROM WHERE x", 400, "invalidQuery", "Syntax error: Unexpected keyword WHERE at [1:15]"),
    ("SELECT a FROM x.y ORDER", 400, "invalidQuery", "Syntax error: Unexpected end of statement at [1:24]"),
    # two lines of the article as translated: a German keyword, typographic quotes
    ("WÄHLE schema_name FROM `x.y`", 400, "invalidQuery", 'Syntax error: Illegal input character "\\303" at [1:2]'),
    ("SELECT * FROM „x.y“", 400, "invalidQuery", 'Syntax error: Illegal input character "\\342" at [1:15]'),
    ("SELECT * FROM some_table", 400, "invalidQuery",
     'Table "some_table" must be qualified with a dataset (e.g. dataset.table).'),
    (f"SELECT COUNT(*) FROM `{IMPORT}.some_table` LIMIT 1", 404, "notFound",
     f"Not found: Table {P}:KLAVIYO_IMPORT_FROM_DWH.some_table was not found in location US"),
    (f"SELECT * FROM `{P}.nothing.t`", 404, "notFound",
     f"Not found: Dataset {P}:nothing was not found in location US"),
    # names are case-sensitive
    (f"SELECT * FROM `{P}.klaviyo_tmp.t`", 404, "notFound",
     f"Not found: Dataset {P}:klaviyo_tmp was not found in location US"),
    (f"SELECT * FROM `{IMPORT}.CUSTOMERS`", 404, "notFound",
     f"Not found: Table {P}:KLAVIYO_IMPORT_FROM_DWH.CUSTOMERS was not found in location US"),
    ("SELECT a.id FROM elsewhere.t a JOIN KLAVIYO_IMPORT_FROM_DWH.orders b ON TRUE", 404, "notFound",
     f"Not found: Dataset {P}:KLAVIYO_IMPORT_FROM_DWH was not found in location EU"),
    ("SELECT nope FROM KLAVIYO_IMPORT_FROM_DWH.customers", 400, "invalidQuery", "Unrecognized name: nope at [1:8]"),
    ("SELECT c.nope FROM KLAVIYO_IMPORT_FROM_DWH.customers c", 400, "invalidQuery",
     "Name nope not found inside c at [1:8]"),
    ("SELECT 1 + NOPE(2)", 400, "invalidQuery", "Function not found: NOPE at [1:12]"),
    ("SELECT * FROM read_csv('/etc/passwd')", 400, "invalidQuery",
     "Table-valued function not found: READ_CSV at [1:15]"),
    ("SELECT * FROM read_text('/etc/passwd')", 400, "invalidQuery",
     "Table-valued function not found: read_text at [1:15]"),
    ("SELECT * FROM '/etc/passwd'", 400, "invalidQuery",
     'Syntax error: Unexpected string literal "/etc/passwd" at [1:15]'),
    ("COPY (SELECT 1) TO '/tmp/x'", 400, "invalidQuery", 'Syntax error: Unexpected identifier "COPY" at [1:1]'),
    ("ATTACH '/tmp/x' AS y", 400, "invalidQuery", 'Syntax error: Unexpected identifier "ATTACH" at [1:1]'),
    ("SELECT 1 AS a, 2 AS a", 400, "invalidQuery",
     "Duplicate column names in the result are not supported. Found duplicate(s): a"),
    ("SELECT email, COUNT(*) FROM KLAVIYO_IMPORT_FROM_DWH.orders", 400, "invalidQuery",
     "SELECT list expression references column email which is neither grouped nor aggregated at [1:8]"),
    ("SELECT 1 / 0", 400, "invalidQuery", "division by zero: 1 / 0"),
    ("SELECT 9223372036854775808", 400, "invalidQuery", "Invalid integer literal: 9223372036854775808 at [1:8]"),
    ("SELECT * FROM memory.main.t1.x.y", 400, "invalidQuery", "Invalid table name: `memory.main.t1.x.y`"),
    ("SELECT @missing", 400, "invalidQuery", "Query parameter 'missing' not found at [1:8]"),
    ("DELETE FROM KLAVIYO_TMP.t", 400, "invalidQuery", "DELETE must have a WHERE clause at [1:1]"),
    # OBJECT_PRIVILEGES: a region and a filter on object_name are required; a dataset has no such view
    (f"SELECT * FROM `{P}`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES", 400, "invalidQuery",
     "INFORMATION_SCHEMA.OBJECT_PRIVILEGES queries must contain a WHERE clause that filters object_name to a single "
     "dataset, table or view."),
    (f"SELECT * FROM `{P}.INFORMATION_SCHEMA.OBJECT_PRIVILEGES` WHERE object_name = 'KLAVIYO_TMP'", 404, "notFound",
     f"Not found: Table {P}:INFORMATION_SCHEMA.OBJECT_PRIVILEGES was not found in location US"),
    (f"SELECT * FROM `{TMP}.INFORMATION_SCHEMA.OBJECT_PRIVILEGES` WHERE grantee = '{SA}'", 404, "notFound",
     f"Not found: Table {P}:KLAVIYO_TMP.INFORMATION_SCHEMA.OBJECT_PRIVILEGES was not found in location US"),
    (f"CREATE SCHEMA `{TMP}`", 409, "duplicate", f"Already Exists: Dataset {P}:KLAVIYO_TMP"),
    ("CREATE SCHEMA bad_place OPTIONS(location='mars-1')", 400, "invalid",
     "Invalid value for location: mars-1 is not a valid value"),
    ("CREATE SCHEMA `not-a-name`", 400, "invalid",
     'Invalid dataset ID "not-a-name". Dataset IDs must be alphanumeric (plus underscores) and must be at most 1024 '
     "characters long."),
    (f"CREATE TABLE `{IMPORT}.customers` (id INT64)", 409, "duplicate",
     f"Already Exists: Table {P}:KLAVIYO_IMPORT_FROM_DWH.customers"),
    ("CREATE TABLE KLAVIYO_TMP.t (id INTEGRE)", 400, "invalidQuery", "Type not found: INTEGRE at [1:32]"),
    (f"DROP SCHEMA `{IMPORT}`", 400, "resourceInUse", f"Dataset {P}:KLAVIYO_IMPORT_FROM_DWH is still in use"),
    ("DROP TABLE KLAVIYO_TMP.nope", 404, "notFound",
     f"Not found: Table {P}:KLAVIYO_TMP.nope was not found in location US"),
    ("DROP TABLE KLAVIYO_IMPORT_FROM_DWH.buyers", 400, "invalid",
     f"{P}:KLAVIYO_IMPORT_FROM_DWH.buyers is not allowed for this operation because it is currently a VIEW."),
    ("INSERT INTO KLAVIYO_IMPORT_FROM_DWH.orders (order_id, email) VALUES ('x')", 400, "invalidQuery",
     "Inserted row has wrong column count; Has 1, expected 2 at [1:70]"),
    ("INSERT INTO KLAVIYO_IMPORT_FROM_DWH.orders (total) VALUES ('x')", 400, "invalidQuery",
     "Value has type STRING which cannot be inserted into column total, which has type NUMERIC at [1:13]"),
    ("INSERT INTO KLAVIYO_IMPORT_FROM_DWH.orders (total) SELECT 'x'", 400, "invalidQuery",
     "Query column 1 has type STRING which cannot be inserted into column total, which has type NUMERIC at [1:13]"),
    ("INSERT INTO KLAVIYO_IMPORT_FROM_DWH.buyers (email) VALUES ('x')", 400, "invalidQuery",
     f"DML over table {P}:KLAVIYO_IMPORT_FROM_DWH.buyers is not supported because it is a view."),
    ("INSERT INTO elsewhere.t (id) SELECT 1 FROM KLAVIYO_IMPORT_FROM_DWH.orders", 400, "invalid",
     "Cannot read and write in different locations: source: US, destination: EU"),
    ("CREATE TABLE elsewhere.copied AS SELECT email FROM KLAVIYO_IMPORT_FROM_DWH.orders", 400, "invalid",
     "Cannot read and write in different locations: source: US, destination: EU"),
    (f"GRANT `roles/bigquery.jobUser` ON SCHEMA `{TMP}` TO 'serviceAccount:{SA}'", 400, "invalid",
     f"IAM setPolicy failed for Dataset {P}:KLAVIYO_TMP: Role roles/bigquery.jobUser is not supported for this "
     "resource."),
    (f"GRANT `roles/bigquery.dataViewer` ON SCHEMA `{TMP}` TO 'serviceAccount:nobody-here@{P}.iam.gserviceaccount.com'",
     400, "invalid", f"IAM setPolicy failed for Dataset {P}:KLAVIYO_TMP: Service account "
     f"nobody-here@{P}.iam.gserviceaccount.com does not exist."),
    (f"GRANT `roles/bigquery.dataViewer` ON SCHEMA `{TMP}` TO 'someone'", 400, "invalidQuery",
     "Invalid principal 'someone'. A principal is a type and a name, e.g. user:USER@DOMAIN or "
     "serviceAccount:NAME@PROJECT.iam.gserviceaccount.com."),
    (f"GRANT roles/bigquery.dataViewer ON SCHEMA `{TMP}` TO 'user:a@b.c'", 400, "invalidQuery",
     'Syntax error: Unexpected identifier "roles" at [1:7]'),
]  # fmt: skip


UNSUPPORTED = [
    "CREATE PROCEDURE KLAVIYO_TMP.f(x INT64) BEGIN SELECT x; END",
    "ALTER TABLE KLAVIYO_IMPORT_FROM_DWH.orders RENAME TO others",
    "EXPORT DATA OPTIONS(uri='gs://b/x', format='CSV') AS SELECT 1",
]


@pytest.mark.parametrize("sql", UNSUPPORTED)
def test_what_the_sandbox_does_not_serve_is_refused_with_words(operator, sql):
    status, reason, text = refused(operator, sql)
    assert (status, reason) == (400, "invalidQuery")
    assert "not supported" in text


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("SELECT 1 / 4, SAFE_DIVIDE(1, 0)", (0.25, None)),
        ("SELECT x, o FROM UNNEST(['a', 'b']) AS x WITH OFFSET AS o ORDER BY o DESC LIMIT 1", ("b", 1)),
        ("SELECT CAST(DATE_ADD(DATE '2026-01-31', INTERVAL 1 DAY) AS STRING)", ("2026-02-01",)),
        ("SELECT AS STRUCT 1 AS a, 'b' AS b", (1, "b")),
    ],
)
def test_where_duckdb_would_answer_otherwise(operator, sql, row):
    assert run(operator, sql) == [row]


@pytest.mark.parametrize(("sql", "status", "reason", "message"), REFUSALS)
def test_a_query_is_refused(operator, sql, status, reason, message):
    assert refused(operator, sql) == (status, reason, message)


# -- changes


def test_the_set_up_of_the_article_in_the_words_that_work(operator):
    for sql in (
        f"CREATE SCHEMA IF NOT EXISTS `{P}.setup_a` OPTIONS(location='EU')",
        f"CREATE SCHEMA IF NOT EXISTS `{P}.setup_a` OPTIONS(location='EU')",
        f'GRANT `roles/bigquery.dataViewer` ON SCHEMA `{P}.setup_a` TO "serviceAccount:{SA}"',
    ):
        run(operator, sql)
    dataset = operator.get_dataset("setup_a")
    assert dataset.location == "EU"
    # a role name comes back in its legacy spelling
    assert [e.role for e in dataset.access_entries if e.entity_id == SA] == ["READER"]
    run(operator, f'REVOKE `roles/bigquery.dataViewer` ON SCHEMA `{P}.setup_a` FROM "serviceAccount:{SA}"')
    assert SA not in [e.entity_id for e in operator.get_dataset("setup_a").access_entries]
    operator.delete_dataset("setup_a")


def test_the_creation_of_the_article_is_a_script_in_the_us(operator):
    job = operator.query("CREATE SCHEMA `script_a`; CREATE SCHEMA `script_b`;")
    job.result(timeout=PATIENCE)
    assert (job.statement_type, job.num_child_jobs, job.location) == ("SCRIPT", 2, "US")
    assert operator.get_dataset("script_b").location == "US"
    children = list(operator.list_jobs(parent_job=job.job_id))
    assert {child.statement_type for child in children} == {"CREATE_SCHEMA"}


def test_a_script_stops_at_its_first_error_and_keeps_what_was_done(operator):
    assert refused(operator, "CREATE SCHEMA stop_a; SELECT * FROM stop_a.t; CREATE SCHEMA stop_b")[0] == 404
    names = {d.dataset_id for d in operator.list_datasets()}
    assert "stop_a" in names
    assert "stop_b" not in names


def test_a_table_is_written_read_and_dropped(operator):
    run(operator, f"CREATE TABLE `{TMP}.test_permissions` (id INT64 NOT NULL, tags ARRAY<STRING>, s STRUCT<a INT64>)")
    job = operator.query(f"INSERT INTO `{TMP}.test_permissions` (id, tags) VALUES (1, ['x', 'y']), (2, NULL)")
    job.result(timeout=PATIENCE)
    assert (job.statement_type, job.num_dml_affected_rows) == ("INSERT", 2)
    run(operator, f"UPDATE `{TMP}.test_permissions` SET id = id + 10 WHERE id = 2")
    assert run(operator, f"SELECT id, tags FROM `{TMP}.test_permissions` ORDER BY id") == [(1, ["x", "y"]), (12, [])]
    run(operator, f"DELETE FROM `{TMP}.test_permissions` WHERE id = 1")
    run(operator, f"TRUNCATE TABLE `{TMP}.test_permissions`")
    assert run(operator, f"SELECT COUNT(*) FROM `{TMP}.test_permissions`") == [(0,)]
    assert "cannot be null" in refused(operator, f"INSERT INTO `{TMP}.test_permissions` (tags) VALUES (['z'])")[2]
    run(operator, f"DROP TABLE `{TMP}.test_permissions`")
    run(operator, f"DROP TABLE IF EXISTS `{TMP}.test_permissions`")


def test_tables_whose_names_differ_only_in_case_are_two(operator):
    run(operator, f"CREATE TABLE `{TMP}.twin` AS SELECT 1 AS id; CREATE TABLE `{TMP}.TWIN` AS SELECT 2 AS id")
    assert run(operator, f"SELECT a.id, b.id AS other FROM `{TMP}.twin` a, `{TMP}.TWIN` b") == [(1, 2)]
    run(operator, f"DROP TABLE `{TMP}.twin`; DROP TABLE `{TMP}.TWIN`")


def test_a_table_can_be_replaced_by_what_was_in_it(operator):
    run(operator, f"CREATE TABLE `{TMP}.grow` AS SELECT 1 AS id")
    run(operator, f"CREATE OR REPLACE TABLE `{TMP}.grow` AS SELECT id + 1 AS id FROM `{TMP}.grow`")
    assert run(operator, f"SELECT id FROM `{TMP}.grow`") == [(2,)]
    run(operator, f"DROP TABLE `{TMP}.grow`")


def test_a_table_with_an_expiration_is_gone_after_it(operator, world):
    run(operator, f"CREATE TABLE `{TMP}.brief` (id INT64) "
                  "OPTIONS(expiration_timestamp=TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR), "
                  "labels=[('made_by', 'kbq')])")  # fmt: skip
    table = operator.get_table(f"{TMP}.brief")
    assert table.labels == {"made_by": "kbq"}
    assert table.expires is not None
    with world.world.lock:
        world.world.dataset(P, "KLAVIYO_TMP").tables["brief"].expires_ms = world.world.now_ms()
    assert refused(operator, f"SELECT * FROM `{TMP}.brief`")[0] == 404
    assert "brief" not in [t.table_id for t in operator.list_tables("KLAVIYO_TMP")]


def test_a_view_follows_its_table(operator):
    run(operator, f"CREATE TABLE `{TMP}.base` AS SELECT 1 AS id")
    run(operator, f"CREATE OR REPLACE VIEW `{TMP}.seen` (number) AS SELECT id FROM `{TMP}.base`")
    run(operator, f"INSERT INTO `{TMP}.base` (id) VALUES (2)")
    assert run(operator, f"SELECT number FROM `{TMP}.seen` ORDER BY 1") == [(1,), (2,)]
    run(operator, f"DROP VIEW `{TMP}.seen`; DROP TABLE `{TMP}.base`")


def test_every_type_travels_there_and_back(operator):
    row = run(operator, "SELECT TIMESTAMP '2026-01-02 03:04:05.678901+00' AS t, DATETIME '2026-01-02 03:04:05' AS dt, "
                        "DATE '2026-01-02' AS d, TIME '03:04:05' AS ti, NUMERIC '1.50' AS n, b'ab' AS b, "
                        "STRUCT(1 AS a, 'x' AS c) AS s, [STRUCT(1 AS a)] AS l, "
                        "CAST('NaN' AS FLOAT64) AS nan")[0]  # fmt: skip
    t, dt, d, ti, n, b, s, items, nan = row
    assert t.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    assert (str(dt), str(d), str(ti)) == ("2026-01-02 03:04:05", "2026-01-02", "03:04:05")
    assert (float(n), b, s, items) == (1.5, b"ab", {"a": 1, "c": "x"}, [{"a": 1}])
    assert nan != nan


def test_parameters_are_values_never_text(operator):
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter("name", "STRING", "'; DROP SCHEMA x; --"),
            bigquery.ScalarQueryParameter("n", "INT64", 7),
            bigquery.ArrayQueryParameter("list", "INT64", [1, 2]),
        ]
    )
    assert run(operator, "SELECT @name AS a, @n + 1 AS b, @list AS c", job_config=config) == [
        ("'; DROP SCHEMA x; --", 8, [1, 2])
    ]
    config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter(None, "STRING", "x")])
    assert run(operator, "SELECT ? AS a", job_config=config) == [("x",)]


def test_an_explicit_location_that_is_not_the_datasets_is_refused(operator):
    assert refused(operator, f"SELECT * FROM `{IMPORT}.customers`", location="EU")[2] == (
        f"Not found: Dataset {P}:KLAVIYO_IMPORT_FROM_DWH was not found in location EU"
    )


def test_a_schema_lands_where_the_query_runs(operator):
    run(operator, "CREATE SCHEMA placed", location="europe-west3")
    assert operator.get_dataset("placed").location == "europe-west3"
    assert refused(operator, "CREATE SCHEMA misplaced OPTIONS(location='EU')", location="US")[1] == "invalidQuery"
