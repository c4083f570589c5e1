#!/usr/bin/env bash
# sqlglot 30.30.0: weeks that begin on Monday become weeks that begin on Sunday on BigQuery.
# Behaviour: date_trunc('week', ...) and date_diff('week', ...) of DuckDB, and date_trunc of PostgreSQL and Spark, are written with BigQuery's
# WEEK, which begins on Sunday. On the way back sqlglot adds and takes off a day, so it knows the difference. No error, no warning.
# Expected: ISOWEEK, or WEEK(MONDAY).
# Why it matters: weekly numbers of BigQuery and of the source disagree in every week, by what happened on one day of seven: revenue, active
# customers, cohorts. Totals agree, and on six days of the week the newest row does as well.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#timestamp_trunc (WEEK, ISOWEEK),
# https://duckdb.org/docs/stable/sql/functions/datepart
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

CASES = ["date_trunc('week', TIMESTAMP '2025-01-05 10:00:00')", "date_diff('week', DATE '2025-01-04', DATE '2025-01-05')"]
connection = duckdb.connect()


def translated(sql, read, write):
    return sqlglot.transpile(sql, read=read, write=write, unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
seen = []
for expression in CASES:
    google = translated(f"SELECT {expression}", "duckdb", "bigquery")
    again = translated(google, "bigquery", "duckdb")
    pair = tuple(str(connection.execute(sql).fetchone()[0]) for sql in (f"SELECT {expression}", again))
    seen.append(pair)
    print(f"  {expression}: {pair[0]}; for BigQuery {google[7:]}, which sqlglot reads back as {pair[1]}")
if seen != [("2024-12-30 00:00:00", "2025-01-05 00:00:00"), ("0", "1")]:
    sys.exit("this has changed")
PY
