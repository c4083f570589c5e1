#!/usr/bin/env bash
# sqlglot 30.30.0: FORMAT('%05d', 42) gives the text %05d on DuckDB.
# Behaviour: BigQuery's FORMAT is written as DuckDB's FORMAT, which takes {} and leaves % alone; printf would be the one with %. One pattern is
# translated, '%s' alone. No error, no warning, also with unsupported_level=RAISE.
# Expected: PRINTF('%05d', 42), or an error.
# Why it matters: identifiers and file names are composed with it: every row gets the same text, and a join or DISTINCT over it makes one row of
# all of them. With '%s', which one tries first, it works.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#format_string,
# https://duckdb.org/docs/stable/sql/functions/text (format, printf)
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
    ("FORMAT('%s', 'a')", "a", "a"),
    ("FORMAT('%05d', 42)", "00042", "%05d"),
    ("FORMAT('%s-%d', 'a', 1)", "a-1", "%s-%d"),
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
