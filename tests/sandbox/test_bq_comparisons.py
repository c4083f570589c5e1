"""Values of different types cannot be compared, as in BigQuery; DuckDB would cast one of them."""

import datetime as dt
import decimal
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
def test_each_comparison_is_checked(client, condition, operator):
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


def test_a_difference_of_moments_is_an_interval_in_columns_and_groups(client):
    difference = "date_ - DATE '2019-12-31'"
    sql = f"SELECT CAST({difference} AS STRING), int64_ - 1 FROM d.t GROUP BY {difference}, int64_"
    assert [row.values() for row in client.query_and_wait(sql)] == [("0-0 1 0:0:0", 0)]
    sql = "SELECT CAST(timestamp_ - TIMESTAMP '2019-12-30 12:00:00+00' AS STRING) FROM d.t"
    assert [row[0] for row in client.query_and_wait(sql)] == ["0-0 0 36:0:0"]


CASTS = {
    "INT64": {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL", "STRING"},
    "FLOAT64": {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "STRING"},
    "NUMERIC": {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "STRING"},
    "BIGNUMERIC": {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "STRING"},
    "BOOL": {"INT64", "BOOL", "STRING"},
    "STRING": set(VALUES),
    "BYTES": {"BYTES", "STRING"},
    "DATE": {"DATE", "DATETIME", "TIMESTAMP", "STRING"},
    "DATETIME": {"DATE", "DATETIME", "TIMESTAMP", "TIME", "STRING"},
    "TIMESTAMP": {"DATE", "DATETIME", "TIMESTAMP", "TIME", "STRING"},
    "TIME": {"TIME", "STRING"},
}
"""Per type: what it is cast to.

https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#comparison_chart
"""


@pytest.mark.parametrize("source", VALUES)
def test_a_column_is_cast_to_the_types_of_the_table_and_to_no_other(client, source):
    dry = bigquery.QueryJobConfig(dry_run=True)
    for target in VALUES:
        for cast in ("CAST", "SAFE_CAST"):
            sql = f"SELECT {cast}({source.lower()}_ AS {target}) FROM d.t"
            if target in CASTS[source]:
                client.query(sql, dry)
                continue
            with pytest.raises(BadRequest, match=f"Invalid cast from {source} to {target}"):
                client.query(sql, dry)


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("IF(bool_, int64_, string_)", "operator IF for argument types: INT64, STRING"),
        ("COALESCE(date_, timestamp_)", "operator COALESCE for argument types: DATE, TIMESTAMP"),
        ("CASE WHEN bool_ THEN 1 ELSE string_ END", "operator CASE for argument types: INT64, STRING"),
        ("[int64_, bool_]", "types {INT64, BOOL} do not have a common supertype"),
        ("string_ * 2", r"operator \* for argument types: STRING, INT64"),
        ("LENGTH(int64_)", "function LENGTH for argument type: INT64"),
        ("SUM(bool_)", "function SUM for argument type: BOOL"),
        ("IF(bool_, date_, CAST('2020-01-01' AS STRING))", "operator IF for argument types: DATE, STRING"),
    ],
)
def test_values_and_arguments_of_types_that_do_not_go_together_are_refused(client, expression, error):
    with pytest.raises(BadRequest, match=error):
        client.query_and_wait(f"SELECT {expression} FROM d.t")


@pytest.mark.parametrize(
    ("one", "other", "error"),
    [
        ("int64_", "string_", "Column 1 in UNION ALL has incompatible types: INT64, STRING"),
        ("date_", "timestamp_", "Column 1 in UNION ALL has incompatible types: DATE, TIMESTAMP"),
        ("date_", "'2020-01-01'", "UNION ALL of a date or time and a string literal or parameter is not supported"),
        ("int64_", "NULL", ""),
        ("int64_", "numeric_", ""),
        ("date_", "datetime_", ""),
    ],
)
def test_sides_of_a_union_have_types_that_go_together(client, one, other, error):
    sql = f"WITH w AS (SELECT * FROM d.t) SELECT {one} FROM w UNION ALL SELECT {other} FROM w"
    if not error:
        assert client.query_and_wait(sql).total_rows == 2
        return
    with pytest.raises(BadRequest, match=error):
        client.query_and_wait(sql)


@pytest.mark.parametrize(
    "expression",
    ["MIN(x)", "MAX(x)", "MIN(DISTINCT x)", "MIN(x) OVER ()", "LEAST(MIN(x), 1.0)", "(SELECT LEAST(1.0, MIN(x)))"],
)
def test_the_least_and_the_greatest_of_values_with_nan_is_nan(client, expression):
    sql = f"SELECT IS_NAN({expression}) FROM UNNEST([1.0, CAST('NaN' AS FLOAT64), 2.0]) AS x LIMIT 1"
    assert [row[0] for row in client.query_and_wait(sql)] == [True]


def test_the_least_of_values_without_nan_keeps_its_type(client):
    sql = "SELECT MIN(int64_), MIN(string_), MIN(date_), MIN(float64_), MIN(IF(bool_, NULL, 1.5)), LEAST(2, 1) FROM d.t"
    (row,) = client.query_and_wait(sql)
    assert row.values() == (1, "1", dt.date(2020, 1, 1), 1.5, None, 1)


DAYS = ("YEAR", "ISOYEAR", "QUARTER", "MONTH", "WEEK", "WEEK(MONDAY)", "ISOWEEK", "DAY", "DAYOFWEEK", "DAYOFYEAR")
CLOCK = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
PARTS = {
    "DATE": DAYS, "TIME": CLOCK, "DATETIME": (*DAYS, *CLOCK, "DATE", "TIME"),
    "TIMESTAMP": (*DAYS, *CLOCK, "DATE", "DATETIME", "TIME"),
}  # fmt: skip
"""https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#extract and the same of other types"""


@pytest.mark.parametrize("kind", PARTS)
def test_only_the_parts_that_a_type_has_are_extracted(client, kind):
    column = f"{kind.lower()}_"
    dry = bigquery.QueryJobConfig(dry_run=True)
    client.query(f"SELECT {', '.join(f'EXTRACT({part} FROM {column})' for part in PARTS[kind])} FROM d.t", dry)
    for part in sorted({*PARTS["TIMESTAMP"]} - {*PARTS[kind]}):
        with pytest.raises(BadRequest, match=f"EXTRACT from {kind} does not support the {part.partition('(')[0]} date"):
            client.query(f"SELECT EXTRACT({part} FROM {column}) FROM d.t", dry)


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("EXTRACT(YEAR FROM string_)", "No matching signature for function EXTRACT for argument type: STRING"),
        ("EXTRACT(EPOCH FROM timestamp_)", "A valid date part name is required but found EPOCH"),
        ("EXTRACT(HOUR FROM datetime_ AT TIME ZONE 'UTC')", "No matching signature for function EXTRACT .* DATETIME"),
        (
            "STRUCT(CAST(date_ AS DATETIME), EXTRACT(TIME FROM date_))",
            "EXTRACT from DATE does not support the TIME date part",
        ),
        ("DATE_TRUNC(date_, HOUR)", "DATE_TRUNC does not support the HOUR date part"),
        ("DATE_ADD(date_, INTERVAL 1 HOUR)", "DATE_ADD does not support the HOUR date part"),
        ("DATE_SUB(date_, INTERVAL 1 MINUTE)", "DATE_SUB does not support the MINUTE date part"),
        ("DATE_DIFF(date_, date_, SECOND)", "DATE_DIFF does not support the SECOND date part"),
    ],
)
def test_a_part_that_a_value_does_not_have_is_refused(client, expression, error):
    with pytest.raises(BadRequest, match=error):
        client.query_and_wait(f"SELECT {expression} FROM d.t")


def test_parts_of_a_timestamp_in_a_time_zone_are_those_of_its_date_and_clock_there(client):
    zone = "TIMESTAMP '2025-12-31 23:30:00+00' AT TIME ZONE 'Europe/Berlin'"
    (row,) = client.query_and_wait(
        f"SELECT EXTRACT(YEAR FROM {zone}), EXTRACT(DATETIME FROM {zone}), EXTRACT(WEEK FROM {zone})"
    )
    assert row.values() == (2026, dt.datetime(2026, 1, 1, 0, 30), 0)


EXACT = ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64")
"""Numbers, the most specific first: each has itself and those that follow as supertypes."""


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(VALUES, 2)))
def test_two_columns_have_the_supertype_of_the_table_or_none(client, one, other):
    dry = bigquery.QueryJobConfig(dry_run=True)
    names = (f"{one.lower()}_", f"{other.lower()}_")
    forms = ("IF(bool_, {}, {})", "COALESCE({1}, {0})", "CASE WHEN bool_ THEN {} ELSE {} END", "[{}, {}][OFFSET(0)]")
    columns = [form.format(*names) for form in forms]
    if not any({one, other} <= kinds for kinds in TOGETHER):
        with pytest.raises(BadRequest, match=f"{one}, {other}"):
            client.query(f"SELECT {columns[0]} FROM d.t", dry)
        return
    # the table of supertypes leaves out that a DATE is coerced to a DATETIME, which another table of the page has
    wanted = EXACT[max(map(EXACT.index, (one, other)))] if one in EXACT else "DATETIME"
    found = client.query(f"SELECT {', '.join(columns)} FROM d.t", dry).schema
    assert {field.field_type.replace("INTEGER", "INT64").replace("FLOAT", "FLOAT64") for field in found} == {wanted}


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("IF(bool_, numeric_, 1.5)", "NUMERIC"),
        ("IF(bool_, -1.5, bignumeric_)", "BIGNUMERIC"),
        ("CASE int64_ WHEN 1 THEN numeric_ WHEN 2 THEN 0.5 ELSE 0 END", "NUMERIC"),
        ("[numeric_, 0.5, 1][OFFSET(0)]", "NUMERIC"),
        ("COALESCE(numeric_, 0.5, float64_)", "FLOAT"),
        ("IF(bool_, numeric_, CAST(1.5 AS FLOAT64))", "FLOAT"),
        ("IF(bool_, int64_, 1.5)", "FLOAT"),
        ("IF(bool_, 1, 1.5)", "FLOAT"),
        ("IF(bool_, timestamp_, '2020-01-01 00:00:00+00')", "TIMESTAMP"),
        ("IF(bool_, '2020-01-01 00:00:00', datetime_)", "DATETIME"),
        ("COALESCE(time_, '02:00:00')", "TIME"),
        ("IF(bool_, date_, @text)", "DATE"),
        ("COALESCE(@text, datetime_)", "DATETIME"),
        ("CASE WHEN bool_ THEN @text ELSE timestamp_ END", "TIMESTAMP"),
        ("IF(bool_, numeric_, @number)", "FLOAT"),
        ("COALESCE(NULL, NULL)", "INTEGER"),
    ],
)
def test_literals_and_parameters_are_coerced_to_the_type_of_the_others(client, expression, kind):
    """https://github.com/google/zetasql/blob/master/docs/conversion_rules.md#supertypes-and-literals"""
    text = bigquery.ScalarQueryParameter("text", "STRING", "2020-01-01")
    number = bigquery.ScalarQueryParameter("number", "FLOAT64", 0.5)  # unlike a literal
    dry = bigquery.QueryJobConfig(dry_run=True, query_parameters=[text, number])
    assert client.query(f"SELECT {expression} FROM d.t", dry).schema[0].field_type == kind


def test_what_is_coerced_keeps_its_digits_and_its_group(client):
    (row,) = client.query_and_wait(
        "SELECT IF(bool_, b, n), COALESCE(NULL, 0.1, n), COUNT(*) FROM (SELECT TRUE AS bool_, NUMERIC '1' AS n, "
        "BIGNUMERIC '1.0000000001' AS b) GROUP BY IF(bool_, b, n), COALESCE(NULL, 0.1, n)"
    )
    assert row.values() == (decimal.Decimal("1.0000000001"), decimal.Decimal("0.1"), 1)


def test_sides_of_a_union_of_numbers_are_exact_or_refused(client):
    (one, other) = client.query_and_wait("SELECT numeric_ FROM d.t UNION ALL SELECT 1.5 ORDER BY 1")
    assert (one[0], other[0]) == (decimal.Decimal(1), decimal.Decimal("1.5"))
    with pytest.raises(BadRequest, match="UNION ALL of NUMERIC and BIGNUMERIC is not supported by the sandbox"):
        client.query_and_wait("SELECT numeric_ FROM d.t UNION ALL SELECT bignumeric_ FROM d.t")
