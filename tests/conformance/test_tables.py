"""Tables and views: created, read, changed, listed, deleted, and what their schemas keep."""

import datetime as dt

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery.table import ColumnReference, ForeignKey, PrimaryKey, TableConstraints, TableReference

Field = bigquery.SchemaField
PEOPLE = [Field("full_name", "STRING", mode="REQUIRED"), Field("age", "INTEGER", mode="REQUIRED")]


def test_a_table_has_what_it_was_made_with(client, table_id):
    table = bigquery.Table(table_id, PEOPLE)
    table.description, table.friendly_name, table.labels = "Description", "Friendly", {"color": "green"}
    client.create_table(table)
    found = client.get_table(table_id)
    assert found.schema == PEOPLE
    assert (found.description, found.friendly_name, found.labels) == ("Description", "Friendly", {"color": "green"})
    assert (found.num_rows, found.table_type, found.location) == (0, "TABLE", "US")
    with pytest.raises(exceptions.Conflict):
        client.create_table(table)
    assert client.create_table(table, exists_ok=True).schema == PEOPLE


@pytest.mark.parametrize("kind", ["HOUR", "DAY", "MONTH", "YEAR"])
def test_partitions_by_time_are_kept(client, table_id, kind):
    table = bigquery.Table(table_id, [Field("at", "TIMESTAMP"), Field("who", "STRING")])
    table.time_partitioning = bigquery.TimePartitioning(type_=kind, field="at", expiration_ms=7_776_000_000)
    table.require_partition_filter = True
    table.clustering_fields = ["who"]
    client.create_table(table)
    found = client.get_table(table_id)
    assert (found.time_partitioning.type_, found.time_partitioning.field) == (kind, "at")
    assert found.time_partitioning.expiration_ms == 7_776_000_000
    assert found.require_partition_filter is True
    assert found.clustering_fields == ["who"]


def test_partitions_by_range_are_kept(client, table_id):
    table = bigquery.Table(table_id, [Field("zipcode", "INTEGER")])
    bounds = bigquery.PartitionRange(start=0, end=100_000, interval=10)
    table.range_partitioning = bigquery.RangePartitioning(field="zipcode", range_=bounds)
    client.create_table(table)
    found = client.get_table(table_id).range_partitioning
    assert (found.field, found.range_.start, found.range_.end, found.range_.interval) == ("zipcode", 0, 100_000, 10)


def test_clustering_is_set_and_taken_away(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    table.clustering_fields = ["full_name", "age"]
    table = client.update_table(table, ["clustering_fields"])
    assert table.clustering_fields == ["full_name", "age"]
    table.clustering_fields = None
    assert client.update_table(table, ["clustering_fields"]).clustering_fields is None


def test_keys_are_set_and_taken_away(client, dataset, table_id):
    table = client.create_table(bigquery.Table(table_id, [Field("id", "INTEGER"), Field("other", "INTEGER")]))
    key = ForeignKey(
        name="fk",
        referenced_table=TableReference(dataset.reference, "other"),
        column_references=[ColumnReference(referencing_column="other", referenced_column="id")],
    )
    constraints = TableConstraints(primary_key=PrimaryKey(columns=["id"]), foreign_keys=[key])
    table.table_constraints = constraints
    table = client.update_table(table, ["table_constraints"])
    assert table.table_constraints == constraints
    table.table_constraints = None
    assert client.update_table(table, ["table_constraints"]).table_constraints is None


def test_a_customers_key_is_kept(client, table_id):
    key = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
    table = bigquery.Table(table_id, PEOPLE)
    table.encryption_configuration = bigquery.EncryptionConfiguration(kms_key_name=key)
    client.create_table(table)
    assert client.get_table(table_id).encryption_configuration.kms_key_name == key


def test_texts_labels_tags_and_expiration_change(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    at = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=5)
    table.description, table.friendly_name, table.expires = "Description", "Friendly", at
    table.labels, table.resource_tags = {"a": "1", "b": "2"}, {"p/env": "prod"}
    names = ["description", "friendly_name", "expires", "labels", "resource_tags"]
    stale, table = table, client.update_table(table, names)
    assert (table.description, table.friendly_name, table.expires) == ("Description", "Friendly", at)
    assert (table.labels, table.resource_tags) == ({"a": "1", "b": "2"}, {"p/env": "prod"})
    table.description, table.expires, table.labels = None, None, {"a": None, "c": "3"}
    table.resource_tags = {"p/env": None, "p/team": "data"}
    table = client.update_table(table, names)
    assert (table.description, table.expires, table.labels) == (None, None, {"b": "2", "c": "3"})
    assert table.resource_tags == {"p/team": "data"}
    stale.description = "too late"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_table(stale, ["description"])


def test_columns_are_added_and_relaxed(client, table_id):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    client.insert_rows_json(table, [{"full_name": "Phred", "age": 32}])
    table = client.get_table(table_id)
    wanted = [Field("full_name", "STRING"), PEOPLE[1], Field("tags", "STRING", mode="REPEATED")]
    table.schema = wanted
    assert client.update_table(table, ["schema"]).schema == wanted
    client.insert_rows_json(table_id, [{"age": 1, "tags": ["a"]}])
    assert [row.values() for row in client.list_rows(table_id)] == [("Phred", 32, []), (None, 1, ["a"])]


def test_members_are_added_to_a_record(client, table_id):
    table = client.create_table(bigquery.Table(table_id, [Field("r", "RECORD", fields=[Field("a", "STRING")])]))
    client.insert_rows_json(table, [{"r": {"a": "x"}}])
    table = client.get_table(table_id)
    table.schema = [Field("r", "RECORD", fields=[Field("a", "STRING"), Field("b", "INTEGER")])]
    client.update_table(table, ["schema"])
    client.insert_rows_json(client.get_table(table_id), [{"r": {"a": "y", "b": 2}}])
    assert [row["r"] for row in client.list_rows(table_id)] == [{"a": "x", "b": None}, {"a": "y", "b": 2}]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ([PEOPLE[0]], "Field age is missing in new schema"),
        ([PEOPLE[0], Field("age", "STRING", mode="REQUIRED")], "has changed type from INTEGER to STRING"),
        ([*PEOPLE, Field("x", "STRING", mode="REQUIRED")], "Cannot add required fields"),
        ([PEOPLE[0], Field("age", "INTEGER", mode="REPEATED")], "has changed mode from REQUIRED to REPEATED"),
    ],
)
def test_columns_are_not_lost_nor_changed_in_kind(client, table_id, schema, text):
    table = client.create_table(bigquery.Table(table_id, PEOPLE))
    table.schema = schema
    with pytest.raises(exceptions.BadRequest, match=text):
        client.update_table(table, ["schema"])
    assert client.get_table(table_id).schema == PEOPLE


def test_a_table_without_a_schema_gets_one(client, table_id):
    table = client.create_table(bigquery.Table(table_id))
    assert (table.schema, list(client.list_rows(table))) == ([], [])
    table.schema = PEOPLE
    table = client.update_table(table, ["schema"])
    assert client.insert_rows(table, [("Phred", 32)]) == []
    assert [dict(row) for row in client.list_rows(table_id)] == [{"full_name": "Phred", "age": 32}]


def test_policy_tags_and_descriptions_of_columns_are_kept_and_taken_away(client, table_id):
    tags = bigquery.PolicyTagList(names=["projects/p/locations/us/taxonomies/1/policyTags/2"])
    column = Field("secret", "INTEGER", description="A number", policy_tags=tags)
    table = client.create_table(bigquery.Table(table_id, [column]))
    assert (table.schema[0].policy_tags, table.schema[0].description) == (tags, "A number")
    table.schema = [Field("secret", "INTEGER", description=None, policy_tags=bigquery.PolicyTagList())]  # type: ignore[arg-type]  # as its own samples do
    changed = client.update_table(table, ["schema"]).schema[0]
    assert (changed.policy_tags, changed.description or None) == (None, None)


def test_types_keep_their_parameters(client, dataset, table_id):
    types = ["NUMERIC", "NUMERIC(9)", "NUMERIC(9, 2)", "BIGNUMERIC", "BIGNUMERIC(38)", "BIGNUMERIC(38, 22)"]
    types += ["STRING", "STRING(9)", "BYTES", "BYTES(9)"]
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(types))
    client.query_and_wait(f"CREATE TABLE `{table_id}` ({columns})")
    schema = client.get_table(table_id).schema
    client.create_table(bigquery.Table(table_id + "_again", schema))
    again = client.get_table(table_id + "_again").schema
    assert [field._key()[1] for field in again] == types
    found = client.query_and_wait(
        f"SELECT data_type FROM {dataset.dataset_id}.INFORMATION_SCHEMA.COLUMNS "
        f"WHERE table_name = '{table_id.rpartition('.')[2]}' ORDER BY ordinal_position"
    )
    assert [row[0] for row in found] == types


def test_parameters_of_types_are_held_to(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` (s STRING(3), n NUMERIC(4, 2))")
    assert client.insert_rows_json(table_id, [{"s": "abc", "n": "12.34"}]) == []
    assert client.insert_rows_json(table_id, [{"s": "abcd"}])[0]["errors"][0]["reason"] == "invalid"
    assert client.insert_rows_json(table_id, [{"n": "123.4"}])[0]["errors"][0]["reason"] == "invalid"
    with pytest.raises(exceptions.BadRequest, match="precision 40"):
        client.query_and_wait(f"CREATE TABLE `{table_id}x` (n NUMERIC(40))")


def test_default_values_are_kept_and_given(client, table_id):
    schema = [
        Field("name", "STRING", default_value_expression="'nobody'"),
        Field("at", "TIMESTAMP", default_value_expression="CURRENT_TIMESTAMP()"),
        Field("age", "INTEGER"),
    ]
    table = client.create_table(bigquery.Table(table_id, schema))
    assert client.get_table(table_id).schema == schema
    assert client.insert_rows_json(table, [{"age": 1}, {"name": None, "age": 2}]) == []
    client.query_and_wait(f"INSERT INTO `{table_id}` (age) VALUES (3)")
    found = [row.values() for row in client.list_rows(table_id)]
    assert [(name, age) for name, _, age in found] == [("nobody", 1), (None, 2), ("nobody", 3)]
    assert all(isinstance(at, dt.datetime) for _, at, _ in found)
    with pytest.raises(exceptions.BadRequest, match="Invalid default value expression"):
        client.create_table(bigquery.Table(table_id + "x", [Field("a", "STRING", default_value_expression="nope(1)")]))


def test_where_case_does_not_matter_tables_are_found_in_any(client):
    made = bigquery.Dataset(f"{client.project}.any_case")
    made.is_case_insensitive = True
    client.create_dataset(made)
    client.query_and_wait("CREATE TABLE any_case.T1 AS SELECT 1 AS id")
    assert client.get_table(f"{client.project}.any_case.t1").table_id == "T1"
    with pytest.raises(exceptions.Conflict):
        client.create_table(f"{client.project}.any_case.t1")
    assert [row.values() for row in client.query_and_wait("SELECT id FROM any_case.t1")] == [(1,)]


def test_views_are_made_and_changed(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id, 'x' AS name")
    view = bigquery.Table(table_id + "_view")
    view.view_query = f"SELECT id FROM `{table_id}`"
    view = client.create_table(view)
    assert (view.table_type, view.view_use_legacy_sql) == ("VIEW", False)
    view.view_query = f"SELECT id, name FROM `{table_id}`"
    view = client.update_table(view, ["view_query"])
    assert [f.name for f in view.schema] == ["id", "name"]
    assert [row.values() for row in client.query_and_wait(f"SELECT * FROM `{view.reference}`")] == [(1, "x")]


def test_lists_go_page_by_page(client):
    client.create_dataset("tables_listed")
    assert list(client.list_tables("tables_listed")) == []
    for number in range(3):
        client.create_table(f"{client.project}.tables_listed.t{number}")
    assert next(iter(client.list_tables("tables_listed", page_size=2).pages)).num_items == 2
    assert [t.table_id for t in client.list_tables("tables_listed")] == ["t0", "t1", "t2"]
    assert [t.table_id for t in client.list_tables("tables_listed", max_results=1)] == ["t0"]


def test_a_dataset_lists_its_tables_in_sql(client, rows, dataset, table_id, name):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 1 AS id")
    sql = f"SELECT table_id, row_count, type FROM {dataset.dataset_id}.__TABLES__ WHERE table_id = '{name}'"
    assert rows(sql) == [(name, 1, 1)]


def test_a_table_goes_once(client, table_id):
    client.create_table(table_id)
    client.delete_table(table_id)
    with pytest.raises(exceptions.NotFound):
        client.delete_table(table_id)
    client.delete_table(table_id, not_found_ok=True)
    with pytest.raises(exceptions.NotFound):
        client.get_table(table_id)


def test_permissions_and_policies_of_a_table(client, table_id):
    table = client.create_table(table_id)
    wanted = ["bigquery.tables.get", "bigquery.tables.getData"]
    for asked in (wanted, [wanted]):
        assert client.test_iam_permissions(table, asked)["permissions"] == wanted
    policy = client.get_iam_policy(table)
    policy.bindings = [{"role": "roles/bigquery.dataViewer", "members": {"user:reader@acme.example"}}]
    client.set_iam_policy(table, policy)
    found = client.get_iam_policy(table).bindings
    assert [(b["role"], set(b["members"])) for b in found] == [
        ("roles/bigquery.dataViewer", {"user:reader@acme.example"})
    ]


def test_public_data_can_be_read_by_everybody_and_written_by_nobody(client, rows):
    public = "bigquery-public-data"
    assert "samples" in [dataset.dataset_id for dataset in client.list_datasets(public)]
    table = client.get_table(f"{public}.samples.shakespeare")
    assert [field.name for field in table.schema] == ["word", "word_count", "corpus", "corpus_date"]
    assert table.num_rows == 164_656
    assert rows(f"SELECT COUNT(*), MIN(year) FROM `{public}.usa_names.usa_1910_current` WHERE state = 'TX'") == [
        (2000, 1910)
    ]
    with pytest.raises(exceptions.Forbidden):
        client.query_and_wait(f"INSERT INTO `{public}.utility_us.country_code_iso` VALUES ('x', 'y')")
    catalog = f"{public}.biglake-public-nyc-taxi-iceberg.public_data"
    assert client.get_dataset(catalog).dataset_id == "biglake-public-nyc-taxi-iceberg.public_data"
    assert client.get_table(f"{catalog}.nyc_taxicab").table_id == "nyc_taxicab"
    assert public not in [project.project_id for project in client.list_projects()]


def test_partitions_are_listed(client, table_id, rows):
    rows(
        f"CREATE TABLE `{table_id}` PARTITION BY d AS SELECT CAST(CONCAT('2026-01-0', n) AS DATE) AS d "
        "FROM UNNEST(['1', '2', '2']) AS n"
    )
    assert client.list_partitions(table_id) == ["20260101", "20260102"]
    rows(f"INSERT INTO `{table_id}` VALUES (DATE '2026-01-03')")
    assert client.list_partitions(table_id) == ["20260101", "20260102", "20260103"]
    assert "20180801" in client.list_partitions("bigquery-public-data.ethereum_blockchain.blocks")
    rows(f"CREATE TABLE `{table_id}_plain` (x INT64)")
    with pytest.raises(exceptions.BadRequest, match="not partitioned"):
        client.list_partitions(f"{table_id}_plain")


def test_a_table_of_many_columns_is_made_by_a_query_and_read(client, table_id):
    """google-cloud-bigquery's own test uses 9,999; quadratic work in the columns shows with fewer, too."""
    columns = ", ".join(f"n * {i} AS c{i}" for i in range(1, 1_000))
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT n, {columns} FROM UNNEST([2, 3]) AS n")
    rows = [dict(row) for row in client.query_and_wait(f"SELECT * FROM `{table_id}` ORDER BY n")]
    assert [(row["n"], row["c1"], row["c999"], len(row)) for row in rows] == [(2, 2, 1998, 1000), (3, 3, 2997, 1000)]
