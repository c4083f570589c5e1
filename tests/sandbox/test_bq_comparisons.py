"""Values of different types cannot be compared, as in BigQuery; DuckDB would cast one of them."""

import itertools

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud import bigquery
from google.oauth2 import service_account

from kbq_tui.sandbox.server import Sandbox

VALUES = {
    "INT64": "1", "FLOAT64": "1.5", "NUMERIC": "NUMERIC '1'", "BIGNUMERIC": "BIGNUMERIC '1'", "BOOL": "TRUE",
    "STRING": "'1'", "BYTES": "b'1'", "DATE": "DATE '2020-01-01'", "DATETIME": "DATETIME '2020-01-01 00:00:00'",
    "TIMESTAMP": "TIMESTAMP '2020-01-01 00:00:00+00'", "TIME": "TIME '01:00:00'",
}  # fmt: skip
TOGETHER = ({"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"}, {"DATE", "DATETIME"})
"""https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#coercion"""


@pytest.fixture(scope="module")
def client():
    with Sandbox("fresh") as sandbox:
        credentials = service_account.Credentials.from_service_account_file(str(sandbox.key_file))
        options = {"api_endpoint": sandbox.url}
        client = bigquery.Client(sandbox.project, credentials, client_options=options)
        columns = ", ".join(f"{value} AS {kind.lower()}_" for kind, value in VALUES.items())
        client.create_dataset("d")
        client.query_and_wait(f"CREATE TABLE d.t AS SELECT {columns}")
        yield client


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(VALUES, 2)))
def test_two_columns_are_compared_where_one_type_is_taken_for_the_other(client, one, other):
    dry = bigquery.QueryJobConfig(dry_run=True)
    sql = f"SELECT * FROM d.t AS a JOIN d.t AS b ON a.{one.lower()}_ = b.{other.lower()}_"
    if any({one, other} <= kinds for kinds in TOGETHER):
        client.query(sql.replace("*", "COUNT(*)"), dry)
        return
    with pytest.raises(BadRequest, match=f"No matching signature for operator = for argument types: {one}, {other}"):
        client.query(sql.replace("*", "COUNT(*)"), dry)


@pytest.mark.parametrize(
    ("condition", "operator"),
    [
        ("bool_ IN (1, 2)", "IN"),
        ("string_ BETWEEN 0 AND 2", "BETWEEN"),
        ("CASE bool_ WHEN 1 THEN TRUE END", "CASE"),
        ("NULLIF(bool_, 1)", "NULLIF"),
        ("date_ < timestamp_", "<"),
        ("bytes_ != 'x'", "!="),
    ],
)
def test_each_comparison_is_looked_at(client, condition, operator):
    with pytest.raises(BadRequest, match=f"No matching signature for operator {operator} for argument types"):
        client.query_and_wait(f"SELECT 1 FROM d.t WHERE {condition}")


@pytest.mark.parametrize(
    "condition",
    [
        "date_ = '2020-01-01'", "timestamp_ >= '2019-12-31'", "time_ IN ('01:00:00')",
        "date_ BETWEEN '2019-01-01' AND '2020-02-01'",
        "int64_ < 1.5", "string_ != 'x'", "date_ <= datetime_", "int64_ IS DISTINCT FROM NULL", "numeric_ IN (1, 2.5)",
        "CAST(int64_ AS STRING) = string_", "COALESCE(NULLIF(string_, ''), 'x') = '1'", "string_ LIKE '1%'",
    ],
)  # fmt: skip
def test_literals_and_casts_are_compared(client, condition):
    assert [row[0] for row in client.query_and_wait(f"SELECT 1 FROM d.t WHERE {condition}")] == [1]


def test_a_parameter_of_text_is_taken_for_a_date(client):
    config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("day", "STRING", "2020-01-01")])
    sql = "SELECT COUNT(*) FROM d.t WHERE date_ = @day"
    assert [row[0] for row in client.query_and_wait(sql, job_config=config)] == [1]


def test_a_difference_of_dates_is_an_interval_which_is_said_not_to_be_served(client):
    with pytest.raises(BadRequest, match="DATE - DATE is not supported by the sandbox"):
        client.query_and_wait("SELECT date_ - date_ FROM d.t")
    assert [row[0] for row in client.query_and_wait("SELECT int64_ - 1 FROM d.t")] == [0]
