"""Expressions that sqlglot and DuckDB would answer differently from GoogleSQL's reference.

https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
"""

import datetime as dt
import decimal

import pytest
from google.api_core import exceptions

NOON = dt.datetime(2016, 12, 5, 12, 41, 9, tzinfo=dt.UTC)
STAMP = "TIMESTAMP '2016-12-05 12:41:09'"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1.3", 1.3),
        ('CAST("foo" AS BYTES)', b"foo"),
        (STAMP, NOON),
        (f"DATETIME({STAMP})", NOON.replace(tzinfo=None)),
        (f"DATE({STAMP})", NOON.date()),
        (f"TIME({STAMP})", NOON.time()),
        ("NUMERIC '123456789.123456789'", decimal.Decimal("123456789.123456789")),
        ("CAST('1.123456789' AS NUMERIC)", decimal.Decimal("1.123456789")),
        ("(1, 2)", {"_field_1": 1, "_field_2": 2}),
        ("((1, 2), 5)", {"_field_1": {"_field_1": 1, "_field_2": 2}, "_field_2": 5}),
        ("([1, 2], 3)", {"_field_1": [1, 2], "_field_2": 3}),
        ("[(1, 2), (4, 5)]", [{"_field_1": 1, "_field_2": 2}, {"_field_1": 4, "_field_2": 5}]),
        ("ARRAY(SELECT STRUCT([1, 2]))", [{"_field_1": [1, 2]}]),
        ("STRUCT(1 AS a, 'x')", {"a": 1, "_field_2": "x"}),
        ("(SELECT AS STRUCT x, x.y FROM (SELECT STRUCT(1 AS y) AS x))", {"x": {"y": 1}, "y": 1}),
        ("ST_GeogPoint(1, 2.5)", "POINT(1 2.5)"),
        ("ST_AsText(ST_GeogFromText('POINT(1 2)'))", "POINT(1 2)"),
        ("RANGE<DATE> '[UNBOUNDED, 2016-12-05)'", {"start": None, "end": NOON.date()}),
        ("RANGE_END(RANGE(DATE '2016-12-04', DATE '2016-12-05'))", NOON.date()),
        ("(SELECT COUNTIF(x > 5) FROM UNNEST([1]) AS x WHERE FALSE)", 0),
        ("FORMAT('%d rows, %s, %t, %5.2f%%', 3, 'x', DATE '2016-12-05', 1.5)", "3 rows, x, 2016-12-05,  1.50%"),
        ("FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-01-05 23:30:00+00', 'Europe/Berlin')", "00:30"),
        (r"'a_c' LIKE 'a\\_c'", True),
        (r"'abc' LIKE 'a\\_c'", False),
        ("'abc' NOT LIKE 'a%'", False),
        ("BYTE_LENGTH('абвгд')", 10),
        ("(SELECT ['a', 'b', 'c'][OFFSET(MOD(n * 7, 3))] FROM UNNEST([1]) AS n)", "b"),
        ("(SELECT ['a', 'b', 'c'][SAFE_ORDINAL(n)] FROM UNNEST([1]) AS n)", "a"),
        ("BYTE_LENGTH(b'абвгд')", 10),
        ("UNIX_SECONDS(TIMESTAMP '2025-01-01 00:00:00.9+00')", 1735689600),
        ("TIMESTAMP_DIFF(TIMESTAMP '2025-01-01 01:00:00', TIMESTAMP '2025-01-01 00:59:59', HOUR)", 0),
        ("DATETIME_DIFF(DATETIME '2025-01-01 01:00:00', DATETIME '2025-01-01 00:59:59', HOUR)", 1),
        ("EXTRACT(WEEK FROM DATE '2025-01-01')", 0),
        ("EXTRACT(ISOWEEK FROM DATE '2025-01-01')", 1),
        ("EXTRACT(DAYOFWEEK FROM DATE '2025-01-01')", 4),
        ("EXTRACT(MICROSECOND FROM TIME '01:02:03.5')", 500_000),
        ("EXTRACT(MILLISECOND FROM TIME '01:02:03.5')", 500),
        ("CAST(2.5 AS INT64)", 3),
        ("(SELECT CAST(x AS INT64) FROM UNNEST([-2.5]) AS x)", -3),
        ("CAST(' 12 ' AS INT64) + CAST('0x1F' AS INT64)", 43),
        ("SAFE_CAST('1e3' AS INT64)", None),
        ("SUBSTR('abc', 0, 2)", "ab"),
        ("(SELECT SUBSTR('abc', x, 2) FROM UNNEST([0]) AS x)", "ab"),
        ("SUBSTR('abc', -2)", "bc"),
        ("SAFE_CAST('2025-01-01 00:00:00+02' AS DATETIME)", None),
        ("CAST('2025-01-01 00:00:00' AS DATETIME)", dt.datetime(2025, 1, 1)),
        ("CAST('2025-01-01' AS DATETIME)", dt.datetime(2025, 1, 1)),
        ("CAST('TRUE' AS BOOL)", True),
        ("(1, 2) IN ((1, 2), (3, 4))", True),
        ("(SELECT ARRAY_AGG(x ORDER BY x DESC LIMIT 2) FROM UNNEST([1, 3, 2]) AS x)", [3, 2]),
        ("(SELECT ARRAY_AGG(x LIMIT 5) FROM UNNEST([1]) AS x)", [1]),
    ],
)
def test_an_expression_is_what_googlesql_says(rows, sql, expected):
    assert rows(f"SELECT {sql}") == [(expected,)]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("CAST('1e3' AS INT64)", "Bad int64 value: 1e3"),
        ("CAST('yes' AS BOOL)", "Bad bool value: yes"),
        ("CAST('2025-01-01 00:00:00+02' AS DATETIME)", "Bad datetime value"),
        ("printf('%d', 1)", "Function not found: printf"),
        ("FORMAT('%T', 1)", "not supported here"),
        ("FORMAT('%d')", "Wrong number of arguments"),
    ],
)
def test_an_expression_that_is_none_is_refused(rows, sql, says):
    with pytest.raises(exceptions.BadRequest, match=says):
        rows(f"SELECT {sql}")


def test_columns_without_a_name_are_numbered(client):
    assert [f.name for f in client.query_and_wait("SELECT 1, 2 AS b, 3").schema] == ["f0_", "b", "f1_"]
