#!/usr/bin/env bash
# sqlglot 30.30.0: UNIX_SECONDS of a time with a fraction of half a second or more is the next second on DuckDB.
# Behaviour: it is written as CAST(EPOCH(...) AS BIGINT), and DuckDB's cast rounds: 10:00:05.9 becomes 10:00:06. UNIX_MILLIS rounds a fraction of
# a millisecond as well. No error, no warning.
# Expected: the second that has begun: BigQuery documents that higher precision is truncated by rounding down.
# Why it matters: a watermark that is computed so lies after the last row, and rows of the same second that arrive later are never read; half of
# all rows are one second off against those of BigQuery.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#unix_seconds,
# https://duckdb.org/docs/stable/sql/data_types/numeric
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
    ("UNIX_SECONDS(TIMESTAMP '2025-01-05 10:00:05.400+00')", "1736071205", "1736071205"),
    ("UNIX_SECONDS(TIMESTAMP '2025-01-05 10:00:05.900+00')", "1736071205", "1736071206"),
    ("UNIX_MILLIS(TIMESTAMP '2025-01-05 10:00:05.1239+00')", "1736071205123", "1736071205124"),
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
