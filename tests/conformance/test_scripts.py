"""Scripts with variables, and the part of legacy SQL that is served."""

import datetime as dt
import decimal

import pytest
from google.api_core import exceptions
from google.cloud import bigquery

LEGACY = bigquery.QueryJobConfig(use_legacy_sql=True)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("DECLARE x INT64 DEFAULT 5; SET x = x + 1; SELECT x, x * 2 AS y", {"x": 6, "y": 12}),
        ("DECLARE x INT64; SELECT x", {"x": None}),
        ("DECLARE d DATE DEFAULT '2020-01-02'; SELECT d", {"d": dt.date(2020, 1, 2)}),
        ("DECLARE a, b BIGNUMERIC DEFAULT 1.5; SELECT a + b AS s", {"s": decimal.Decimal(3)}),
        (
            "DECLARE s STRUCT<a INT64, b STRING> DEFAULT (1, 'z'); SELECT s, s.a + 1 AS n",
            {"s": {"a": 1, "b": "z"}, "n": 2},
        ),
        ("DECLARE x INT64 DEFAULT 1; SELECT x FROM UNNEST([7]) AS x", {"x": 7}),
    ],
)
def test_variables_of_a_script(client, sql, expected):
    assert [dict(row) for row in client.query_and_wait(sql)] == [expected]


def test_a_variable_holds_an_array_and_is_a_condition_of_dml(client, table_id):
    client.query_and_wait(
        f"CREATE TABLE `{table_id}` (n INT64, v STRING); INSERT INTO `{table_id}` VALUES (1, 'a'), (2, 'b')"
    )
    job = client.query(
        "DECLARE names ARRAY<STRING>; DECLARE k INT64 DEFAULT 2; "
        f"SET names = (SELECT ARRAY_AGG(v) FROM `{table_id}`); "
        f"UPDATE `{table_id}` SET v = CONCAT('k', CAST(k AS STRING)) WHERE n = k; "
        f"SELECT v FROM `{table_id}` WHERE v NOT IN UNNEST(names)"
    )
    assert [row.values() for row in job.result()] == [("k2",)]
    assert (job.statement_type, job.num_child_jobs) == ("SCRIPT", 3)
    kinds = [child.statement_type for child in client.list_jobs(parent_job=job)]
    assert sorted(kinds) == ["SELECT", "SELECT", "UPDATE"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SET y = 1", "Undeclared variable: y"),
        ("DECLARE x INT64; DECLARE x INT64; SELECT 1", "redeclaration"),
        ("SELECT 1; DECLARE x INT64", "only at the start"),
        ("DECLARE x INT64 DEFAULT 'a'; SELECT x", "integer"),
        ("DECLARE x INT64; SET x = CONCAT('a', 'b'); SELECT x", "Cannot coerce"),
    ],
)
def test_an_invalid_variable_is_refused(client, sql, words):
    with pytest.raises(exceptions.BadRequest, match=words):
        client.query_and_wait(sql)


@pytest.mark.parametrize(
    ("sql", "value"),
    [("SELECT 1", 1), ("SELECT TRUE", True), ('SELECT "[x]"', "[x]"), ('SELECT CAST("f" AS BYTES)', b"f")],
)
def test_legacy_sql_of_one_value(client, sql, value):
    assert [row.values() for row in client.query(sql, LEGACY).result()] == [(value,)]


def test_legacy_sql_reads_a_table_in_square_brackets(client, table_id):
    client.query_and_wait(f"CREATE TABLE `{table_id}` AS SELECT 'a' AS v UNION ALL SELECT 'a'")
    project, dataset, table = table_id.split(".")
    sql = f"SELECT v, COUNT(*) AS n FROM [{project}:{dataset}.{table}] GROUP BY v"
    config = bigquery.QueryJobConfig(use_legacy_sql=True, destination=f"{table_id}_out", allow_large_results=True)
    job = client.query(sql, config)
    assert [row.values() for row in job.result()] == [("a", 2)]
    assert (job.use_legacy_sql, client.get_table(f"{table_id}_out").num_rows) == (True, 1)


@pytest.mark.parametrize("sql", ["SELECT * FROM [d.a], [d.b]", "DELETE FROM [d.a] WHERE TRUE", "SELECT 1; SELECT 2"])
def test_legacy_sql_that_means_something_else_is_refused(client, sql):
    with pytest.raises(exceptions.BadRequest, match="Of legacy SQL, only SELECT"):
        client.query(sql, LEGACY).result()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TEMP FUNCTION f(x INT64, y ANY TYPE) RETURNS FLOAT64 AS (x * 2 + y); "
         "SELECT f(2, 1.5) AS a, f(1, 1) AS b", {"a": 5.5, "b": 3.0}),
        ("CREATE TEMP FUNCTION f(x STRING) AS (UPPER(x)); CREATE TEMP FUNCTION g(x STRING) AS (CONCAT(F(x), '!')); "
         "SELECT g(w) AS v FROM UNNEST(['a']) AS w", {"v": "A!"}),
        ("CREATE TEMP FUNCTION f(x INT64) AS ((SELECT MAX(n) FROM UNNEST([1, x]) AS n)); SELECT f(9) AS m", {"m": 9}),
    ],
)  # fmt: skip
def test_temporary_functions_are_part_of_their_query(client, sql, expected):
    job = client.query(sql)
    assert [dict(row) for row in job.result()] == [expected]
    assert (job.statement_type, job.num_child_jobs) == ("SELECT", 0)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT f(1, 2)", "it takes 1 arguments, 2 were given at"),
        ("CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT g(1)", "Function not found: g"),
        ("CREATE TEMP FUNCTION f(x BIG) AS (x); SELECT f(1)", "Type not found|Syntax error"),
        (
            "CREATE TEMP FUNCTION f(x STRING) RETURNS STRING LANGUAGE js AS 'return x;'; SELECT f('a')",
            "other languages",
        ),
    ],
)
def test_an_invalid_function_is_refused(client, sql, words):
    with pytest.raises(exceptions.BadRequest, match=words):
        client.query_and_wait(sql)
