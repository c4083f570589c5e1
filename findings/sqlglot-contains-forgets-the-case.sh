#!/usr/bin/env bash
# sqlglot 30.30.0: contains(), which heeds case, becomes CONTAINS_SUBSTR on BigQuery, which does not.
# Behaviour: contains(name, 'ann') of DuckDB, Snowflake and Spark is written as CONTAINS_SUBSTR(name, 'ann'). The same function is translated back
# with LOWER on both sides, so sqlglot knows the difference. No error, no warning, also with unsupported_level=RAISE.
# Expected: STRPOS(name, 'ann') > 0, which heeds case; or an error.
# Why it matters: a filter that is moved to BigQuery finds more rows than before: codes such as 'ab' and 'AB' become one, and so do 'Ann' and
# 'Joanna'. Nothing fails, there are only more people in the segment.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#contains_substr ("normalized, case-insensitive search"),
# https://duckdb.org/docs/stable/sql/functions/text
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

CASES = ["contains('Ann', 'Ann')", "contains('Joanna', 'Ann')", "contains('code AB', 'ab')"]
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
if seen != [("True", "True"), ("False", "True"), ("False", "True")]:
    sys.exit("this has changed")
PY
