#!/usr/bin/env bash
# sqlglot 30.30.0: SUBSTR from position 0, or from before the text's beginning, is shorter on DuckDB.
# Behaviour: SUBSTR('abc', 0, 2) is 'ab' in BigQuery, which begins at 1 in these cases; it is written as SUBSTRING('abc', 0, 2), and DuckDB counts
# the places before the text: 'a'. SUBSTR('abc', -5, 3) is 'abc' and 'a'. No error, no warning, also with unsupported_level=RAISE.
# Expected: 'ab' and 'abc', e.g. by GREATEST(..., 1); or an error.
# Why it matters: a part that is counted from the end, such as SUBSTR(code, -5, 3), is right for long codes and cut for the short ones; 0 is what
# people write whose other language counts from 0. A test on DuckDB and the result on BigQuery differ for a few rows.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#substr ("off the left end"),
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

CASES = [
    ("SUBSTR('abc', 1, 2)", "ab", "ab"),
    ("SUBSTR('abc', 0, 2)", "ab", "a"),
    ("SUBSTR('abc', -5, 3)", "abc", "a"),
    ("SUBSTR('12', -4, 4)", "12", "12"),
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
