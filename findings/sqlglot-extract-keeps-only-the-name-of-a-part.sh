#!/usr/bin/env bash
# sqlglot 30.30.0: EXTRACT with DAYOFWEEK, WEEK or MILLISECOND is written for DuckDB as it stands, where these parts count otherwise.
# Behaviour: DAYOFWEEK of a Sunday is 1 in BigQuery and 0 in DuckDB; WEEK counts from the first Sunday, and is ISO's week in DuckDB, WEEK(MONDAY)
# as well; MILLISECOND of 10:00:05.123 is 123, and 5123 in DuckDB. No error, no warning, also with unsupported_level=RAISE.
# Expected: an expression that counts as BigQuery does (DATE_TRUNC and DATE_DIFF with WEEK are translated so), or an error.
# Why it matters: tests of BigQuery's SQL run on DuckDB through sqlglot. "On Sundays" (= 1) is true on Mondays there: the test is wrong where the
# query is right, and whoever makes the test pass makes the query wrong.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/date_functions#extract (DAYOFWEEK: "range [1,7] with Sunday as the first
# day"; WEEK), https://duckdb.org/docs/stable/sql/functions/datepart
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1 pytz==2026.2 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python - <<'PY'
import sys

import duckdb
import sqlglot

CASES = [
    ("EXTRACT(DAYOFWEEK FROM DATE '2025-01-05')", "1", "0"),
    ("EXTRACT(WEEK FROM DATE '2024-12-30')", "52", "1"),
    ("EXTRACT(WEEK(MONDAY) FROM DATE '2024-12-30')", "53", "1"),
    ("EXTRACT(MILLISECOND FROM DATETIME '2025-01-05 10:00:05.123')", "123", "5123"),
]
connection = duckdb.connect()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
changed = False
for expression, documented, seen in CASES:
    sql = sqlglot.transpile(f"SELECT {expression}", read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    got = str(connection.execute(sql).fetchone()[0])
    changed = changed or got != seen
    print(f"  {expression}: {got} by way of {sql[7:]}; BigQuery documents {documented}")
if changed:
    sys.exit("this has changed")
PY
