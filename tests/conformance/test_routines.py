"""Functions that are stored in a dataset, over REST and in SQL; deleted datasets that are restored."""

import pytest
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import StandardSqlDataType as Type
from google.cloud.bigquery import StandardSqlTypeNames as Names

INT64 = Type(type_kind=Names.INT64)
STRING = Type(type_kind=Names.STRING)


def _argument(name: str, kind: Type) -> bigquery.RoutineArgument:
    return bigquery.RoutineArgument(name=name, data_type=kind)


@pytest.fixture
def twice(client, table_id) -> bigquery.Routine:
    wanted = bigquery.Routine(
        table_id, type_="SCALAR_FUNCTION", language="SQL", body="x * 2", arguments=[_argument("x", INT64)],
        return_type=INT64, description="doubles",
    )  # fmt: skip
    return client.create_routine(wanted)


def test_a_function_is_made_read_listed_changed_and_deleted(client, twice, name):
    found = client.get_routine(twice.reference)
    assert (found.body, found.language, found.type_, found.description) == (
        "x * 2",
        "SQL",
        "SCALAR_FUNCTION",
        "doubles",
    )
    assert (found.arguments, found.return_type, found.etag) == (twice.arguments, INT64, twice.etag)
    assert found.created == found.modified
    listed = next(r for r in client.list_routines("conformance") if r.routine_id == name)
    assert (listed.type_, listed.body, listed.created) == ("SCALAR_FUNCTION", None, found.created)
    assert [r.v for r in client.query_and_wait(f"SELECT `{twice.reference}`(21) AS v")] == [42]
    found.body = "x * 3"
    changed = client.update_routine(found, ["body", "arguments", "language", "type_", "return_type"])
    # replaces everything
    assert (changed.body, changed.etag != found.etag, changed.description) == ("x * 3", True, None)
    assert [r.v for r in client.query_and_wait(f"SELECT conformance.{name}(7) AS v")] == [21]
    client.delete_routine(changed)
    with pytest.raises(exceptions.NotFound, match=f"Not found: Routine {client.project}:conformance.{name}"):
        client.get_routine(changed)
    client.delete_routine(changed, not_found_ok=True)
    with pytest.raises(exceptions.BadRequest, match=f"Function not found: conformance.{name} at"):
        client.query_and_wait(f"SELECT conformance.{name}(7)")


def test_a_name_that_is_taken_stays_who_it_is(client, twice):
    with pytest.raises(exceptions.Conflict, match="Already Exists: Routine"):
        client.create_routine(twice)
    assert client.create_routine(twice, exists_ok=True).body == "x * 2"


def test_a_table_function_takes_its_threshold(client, table_id):
    columns = [bigquery.StandardSqlField("n", INT64), bigquery.StandardSqlField("word", STRING)]
    wanted = bigquery.Routine(
        table_id,
        type_="TABLE_VALUED_FUNCTION",
        body="SELECT n, word FROM (UNNEST([1, 2, 3]) n JOIN (SELECT word FROM UNNEST(['a', 'b']) word) ON TRUE) "
        "WHERE n > least_n",
        arguments=[_argument("least_n", INT64)],
        return_table_type=bigquery.StandardSqlTableType(columns),
    )
    made = client.create_routine(wanted)
    assert (made.return_table_type, made.body) == (wanted.return_table_type, wanted.body)
    sql = f"SELECT t.n, t.word FROM `{made.reference}`(1) AS t JOIN UNNEST([3]) AS k ON k = t.n ORDER BY word"
    assert [row.values() for row in client.query_and_wait(sql)] == [(3, "a"), (3, "b")]
    with pytest.raises(exceptions.BadRequest, match="Table-valued function not found"):
        client.query_and_wait("SELECT * FROM conformance.nosuch(1)")


@pytest.mark.parametrize(
    ("made", "call", "value"),
    [
        ("FUNCTION {f}(x INT64, y INT64) RETURNS FLOAT64 AS (x / y)", "{f}(1, 4)", 0.25),
        ("FUNCTION {f}(x ANY TYPE) AS (CONCAT(x, '!'))", "{f}('a')", "a!"),
        ("FUNCTION {f}(r RANGE<DATE>) RETURNS DATE AS (RANGE_END(r))", "{f}(RANGE<DATE> '[2024-01-01, UNBOUNDED)')",
         None),
        ("FUNCTION {f}(a ARRAY<STRUCT<name STRING, n INT64>>) RETURNS INT64 OPTIONS(description='sum') AS "
         "((SELECT SUM(e.n) FROM UNNEST(a) AS e WHERE e.name = 'x'))",
         "{f}([STRUCT('x' AS name, 4 AS n), ('y', 9)])", 4),
        ("TABLE FUNCTION {f}(y INT64) AS SELECT y + 1 AS v", "(SELECT SUM(v) FROM {f}(4))", 5),
    ],
)  # fmt: skip
def test_a_function_that_is_made_in_sql_is_used_in_a_query(client, name, made, call, value):
    job = client.query(f"CREATE {made.format(f='conformance.' + name)}")
    job.result()
    assert (job.ddl_operation_performed, job.ddl_target_routine.routine_id) == ("CREATE", name)
    assert job.statement_type == f"CREATE_{'TABLE_' if made.startswith('TABLE') else ''}FUNCTION"
    sql = f"SELECT {call.format(f=f'`{client.project}`.conformance.{name}')} AS v"
    assert [row.v for row in client.query_and_wait(sql)] == [value]
    again = f"CREATE {made.format(f='conformance.' + name)}"
    with pytest.raises(exceptions.Conflict, match="Already Exists: Routine"):
        client.query_and_wait(again)
    replaced = client.query(again.replace("CREATE", "CREATE OR REPLACE", 1))
    replaced.result()
    assert replaced.ddl_operation_performed == "REPLACE"
    kind = "TABLE FUNCTION" if made.startswith("TABLE") else "FUNCTION"
    client.query_and_wait(f"DROP {kind} conformance.{name}")
    skipped = client.query(f"DROP {kind} IF EXISTS conformance.{name}")
    skipped.result()
    assert skipped.ddl_operation_performed == "SKIP"


def test_functions_and_views_use_functions(client, name, table_id):
    client.query_and_wait(f"CREATE FUNCTION conformance.{name}_a(x INT64) AS (x + 1)")
    client.query_and_wait(f"CREATE FUNCTION conformance.{name}_b(x INT64) AS (conformance.{name}_a(x) * 10)")
    client.query_and_wait(f"CREATE VIEW `{table_id}` AS SELECT conformance.{name}_b(1) AS v")
    assert [row.v for row in client.query_and_wait(f"SELECT v FROM `{table_id}`")] == [20]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("FUNCTION {f}(x INT64) AS (y)", "Unrecognized name: y"),
        ("FUNCTION {f}(x INT64) AS (conformance.nosuch(x))", "Function not found"),
        ("FUNCTION {f}(x INT64) RETURNS STRING LANGUAGE js AS 'return x'", "other languages"),
        ("FUNCTION nosuch.{n}(x INT64) AS (x)", "Not found: Dataset"),
    ],
)
def test_an_invalid_function_is_not_created(client, name, made, words):
    with pytest.raises((exceptions.BadRequest, exceptions.NotFound), match=words):
        client.query_and_wait(f"CREATE {made.format(f='conformance.' + name, n=name)}")
    assert name not in [r.routine_id for r in client.list_routines("conformance")]


def test_routines_that_are_not_served_are_refused_with_words(client, table_id):
    for kind, language in (("PROCEDURE", "SQL"), ("SCALAR_FUNCTION", "JAVASCRIPT")):
        wanted = bigquery.Routine(table_id, type_=kind, language=language, body="return 1")
        with pytest.raises(exceptions.BadRequest, match="not supported here"):
            client.create_routine(wanted)


def test_a_deleted_dataset_is_restored_with_all_that_was_in_it(client, name):
    made = client.create_dataset(f"gone_{name}")
    path = f"{client.project}.gone_{name}"
    client.query_and_wait(f"CREATE TABLE `{path}.t` AS SELECT 7 AS n")
    client.query_and_wait(f"CREATE FUNCTION `{path}.f`(x INT64) AS (x)")
    address = f"/projects/{client.project}/datasets/gone_{name}:undelete"
    client.delete_dataset(made, delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_dataset(made.reference)
    restored = client._connection.api_request(method="POST", path=address, data={})
    assert restored["datasetReference"]["datasetId"] == f"gone_{name}"
    assert client.get_dataset(made.reference).access_entries == made.access_entries
    assert [row.v for row in client.query_and_wait(f"SELECT `{path}.f`(n) AS v FROM `{path}.t`")] == [7]
    with pytest.raises(exceptions.Conflict, match="Already Exists: Dataset"):
        client._connection.api_request(method="POST", path=address, data={})
    with pytest.raises(exceptions.BadRequest, match="7 days"):
        client.delete_dataset(made, delete_contents=True)


def test_what_was_never_there_is_not_restored(client):
    address = f"/projects/{client.project}/datasets/never_was:undelete"
    with pytest.raises(exceptions.NotFound, match="Not found: Dataset"):
        client._connection.api_request(method="POST", path=address, data={})
