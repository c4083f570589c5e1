#!/usr/bin/env bash
# sqlglot 30.30.0: SAFE_CAST becomes DuckDB's TRY_CAST, which takes many texts that are NULL in BigQuery.
# Behaviour: SAFE_CAST('yes' AS BOOL), ('1' AS BOOL) and ('1.5' AS INT64) are NULL in BigQuery; by way of TRY_CAST they are True, True and 2. No
# error, no warning, also with unsupported_level=RAISE.
# Expected: NULL, e.g. by a test of the text before the cast; or an error.
# Why it matters: SAFE_CAST(x AS INT64) IS NULL is how bad rows are found before a load, and IS NOT NULL how consent is read. A test on DuckDB
# says that all rows are good; on BigQuery the same rows are NULL.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast_bool (true and false alone; SAFE_CAST gives NULL
# for what CAST refuses), https://duckdb.org/docs/stable/sql/expressions/cast
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
    ("SAFE_CAST('true' AS BOOL)", "True", "True"),
    ("SAFE_CAST('yes' AS BOOL)", "NULL", "True"),
    ("SAFE_CAST('1' AS BOOL)", "NULL", "True"),
    ("SAFE_CAST('1.5' AS INT64)", "NULL", "2"),
    ("SAFE_CAST('abc' AS INT64)", "NULL", "None"),
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
