"""Expirations of datasets, tables and partitions: set, removed, and their effect."""

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

P = "acme-klaviyo-demo"
BASE = f"/bigquery/v2/projects/{P}"
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def bq(operator):
    return bigquery.Client(
        project=P, credentials=operator.credentials, client_options={"api_endpoint": operator.sandbox.url}
    )


def run(bq, sql):
    return list(bq.query_and_wait(sql))


def expirations(operator, name="D"):
    body = operator.get(f"{BASE}/datasets/{name}").json()
    return body.get("defaultTableExpirationMs"), body.get("defaultPartitionExpirationMs")


def test_sql_sets_a_dataset_s_expirations_and_takes_them_off(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(default_table_expiration_days=7, default_partition_expiration_days=1.5)")
    assert expirations(operator) == (str(7 * DAY_MS), str(int(1.5 * DAY_MS)))
    run(bq, f"ALTER SCHEMA `{P}.D` SET OPTIONS(default_table_expiration_days = NULL)")
    assert expirations(operator) == (None, str(int(1.5 * DAY_MS)))
    run(bq, "ALTER SCHEMA D SET OPTIONS(default_partition_expiration_days = NULL, default_table_expiration_days = 2)")
    assert expirations(operator) == (str(2 * DAY_MS), None)


def test_alter_schema_changes_texts_and_replaces_labels(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(labels=[('a', '1')])")
    job = bq.query("ALTER SCHEMA D SET OPTIONS(description='x', labels=[('b', '2')])")
    job.result()
    assert (job.statement_type, job.ddl_operation_performed) == ("ALTER_SCHEMA", "ALTER")
    body = operator.get(f"{BASE}/datasets/D").json()
    assert (body["description"], body["labels"]) == ("x", {"b": "2"})
    with pytest.raises(BadRequest, match="Unknown option: colour"):
        run(bq, "ALTER SCHEMA D SET OPTIONS(colour='red')")


def test_alter_schema_of_a_dataset_that_is_not_there(bq):
    with pytest.raises(NotFound, match=r"Not found: Dataset .*:nowhere"):
        run(bq, "ALTER SCHEMA nowhere SET OPTIONS(description='x')")
    run(bq, "ALTER SCHEMA IF EXISTS nowhere SET OPTIONS(description='x')")


def test_a_dry_run_of_alter_schema_changes_nothing(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(default_table_expiration_days=7)")
    sql = "ALTER SCHEMA D SET OPTIONS(default_table_expiration_days = NULL)"
    bq.query(sql, job_config=bigquery.QueryJobConfig(dry_run=True))
    assert expirations(operator)[0] == str(7 * DAY_MS)


def test_rest_takes_both_expirations_off(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(default_table_expiration_days=7, default_partition_expiration_days=7)")
    assert operator.call("PATCH", f"{BASE}/datasets/D", {"defaultTableExpirationMs": "0"}).status_code == 200
    assert expirations(operator) == (None, str(7 * DAY_MS))
    operator.call("PATCH", f"{BASE}/datasets/D", {"defaultPartitionExpirationMs": None})
    assert expirations(operator) == (None, None)


def test_a_table_made_in_such_a_dataset_expires_and_that_can_be_taken_off(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(default_table_expiration_days=7)")
    run(bq, "CREATE TABLE D.t (a INT64)")
    table = operator.get(f"{BASE}/datasets/D/tables/t").json()
    assert int(table["expirationTime"]) == int(table["creationTime"]) + 7 * DAY_MS
    run(bq, "ALTER TABLE D.t SET OPTIONS(expiration_timestamp = NULL)")
    assert "expirationTime" not in operator.get(f"{BASE}/datasets/D/tables/t").json()


def test_a_partitioned_table_takes_the_dataset_s_partition_expiration_instead(bq, operator):
    run(bq, "CREATE SCHEMA D OPTIONS(default_table_expiration_days=7, default_partition_expiration_days=3)")
    run(bq, "CREATE TABLE D.t (a INT64, at TIMESTAMP) PARTITION BY DATE(at) CLUSTER BY a")
    table = operator.get(f"{BASE}/datasets/D/tables/t").json()
    assert table["timePartitioning"] == {"type": "DAY", "field": "at", "expirationMs": str(3 * DAY_MS)}
    assert table["clustering"] == {"fields": ["a"]}
    assert "expirationTime" not in table
    run(bq, "ALTER TABLE D.t SET OPTIONS(partition_expiration_days = NULL)")
    assert operator.get(f"{BASE}/datasets/D/tables/t").json()["timePartitioning"] == {"type": "DAY", "field": "at"}


@pytest.mark.parametrize(
    ("clause", "partitioning"),
    [
        ("PARTITION BY _PARTITIONDATE", {"type": "DAY"}),
        ("PARTITION BY at", {"type": "DAY", "field": "at"}),
        ("PARTITION BY DATE_TRUNC(at, MONTH)", {"type": "MONTH", "field": "at"}),
        ("PARTITION BY at OPTIONS(partition_expiration_days=2)",
         {"type": "DAY", "field": "at", "expirationMs": str(2 * DAY_MS)}),
    ],
)  # fmt: skip
def test_partition_by_is_shown(bq, operator, clause, partitioning):
    run(bq, "CREATE SCHEMA D")
    run(bq, f"CREATE TABLE D.t (at DATE) {clause}")
    assert operator.get(f"{BASE}/datasets/D/tables/t").json()["timePartitioning"] == partitioning


def test_fields_about_storage_come_back_as_they_were_sent(bq, operator):
    run(bq, "CREATE SCHEMA D")
    sent = {
        "timePartitioning": {"type": "HOUR", "field": "at", "expirationMs": "7200000"},
        "clustering": {"fields": ["a"]},
        "requirePartitionFilter": True,
    }
    schema = {"fields": [{"name": "a", "type": "STRING"}, {"name": "at", "type": "TIMESTAMP"}]}
    body = {"tableReference": {"tableId": "t"}, "schema": schema} | sent
    made = operator.post(f"{BASE}/datasets/D/tables", body).json()
    assert {key: made[key] for key in sent} == sent
    wrong = body | {"tableReference": {"tableId": "u"}, "timePartitioning": {"type": "WEEK"}}
    assert operator.post(f"{BASE}/datasets/D/tables", wrong).status_code == 400


def test_a_scenario_gives_a_dataset_expirations_and_hides_its_access_list(start, connect, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        f'project = "{P}"\ndescription = "d."\n[operator.roles]\n{P} = ["roles/owner"]\n[[projects]]\nid = "{P}"\n'
        '[projects.traits]\nD = { hide_access = true }\n[[projects.datasets]]\nid = "D"\n'
        "default_table_expiration_days = 7\ndefault_partition_expiration_days = 3\n"
        'access = [{ role = "READER", iamMember = "allUsers" }, '
        '{ role = "READER", specialGroup = "allAuthenticatedUsers" }, '
        '{ role = "READER", userByEmail = "a@b.c", condition = { title = "t", expression = "true" } }]\n'
    )
    operator = connect(start(path))
    body = operator.get(f"{BASE}/datasets/D?accessPolicyVersion=3").json()
    assert "access" not in body
    assert expirations(operator) == (str(7 * DAY_MS), str(3 * DAY_MS))
    operator.sandbox.world.dataset(P, "D").traits = {}
    access = operator.get(f"{BASE}/datasets/D?accessPolicyVersion=3").json()["access"]
    assert access[-3:] == [
        {"role": "READER", "iamMember": "allUsers"},
        {"role": "READER", "specialGroup": "allAuthenticatedUsers"},
        {"role": "READER", "userByEmail": "a@b.c", "condition": {"title": "t", "expression": "true"}},
    ]
    etag = operator.call("PATCH", f"{BASE}/datasets/D?accessPolicyVersion=3", {"access": access})
    assert etag.json()["access"] == access
