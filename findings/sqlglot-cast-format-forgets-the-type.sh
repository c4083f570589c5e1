#!/usr/bin/env bash
# sqlglot 30.30.0 (DuckDB 2.0.1): a BigQuery CAST with FORMAT to TIME or TIMESTAMP becomes one to a timestamp without a zone.
# Behaviour: CAST('10:30' AS TIME FORMAT 'HH24:MI') is written for DuckDB as STRPTIME('10:30', '%H:%M'), which is 1900-01-01 10:30. The same with
# TIMESTAMP has no time zone. With DATE the result is cast to DATE, as it should be.
# Expected: the type that the CAST names, or an error with unsupported_level=RAISE.
# Why it matters: a view that is tried in DuckDB before it is made in BigQuery has columns of other types there, and compares times of day with
# dates of the year 1900.
# Source: sqlglot/parsers (strtotime with format), https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  sqlglot==30.30.0 duckdb==2.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
cat >finding.py <<'PY'
import sys
from importlib.metadata import version

import duckdb
import sqlglot

print(f"sqlglot {version('sqlglot')}, duckdb {version('duckdb')}")
casts = {
    "TIME": "CAST('10:30' AS TIME FORMAT 'HH24:MI')",
    "TIMESTAMP": "CAST('2026-11-01' AS TIMESTAMP FORMAT 'YYYY-MM-DD')",
    "DATE": "CAST('2026-11-01' AS DATE FORMAT 'YYYY-MM-DD')",
}
seen = {}
for wanted, cast in casts.items():
    (text,) = sqlglot.transpile(
        f"SELECT {cast}", read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    result = duckdb.sql(text)
    seen[wanted] = str(result.types[0])
    print(f"  {cast}\n    {text}: {seen[wanted]}, {result.fetchall()[0][0]}")
if seen != {"TIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP", "DATE": "DATE"}:
    sys.exit("this has changed")
PY
venv/bin/python finding.py
