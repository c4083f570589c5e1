#!/usr/bin/env bash
# sqlglot 30.30.0: greatest() and least() leave out NULL in DuckDB and PostgreSQL, and are NULL as soon as one argument is on BigQuery.
# Behaviour: greatest(DATE '2025-01-05', NULL) is 2025-01-05 and becomes GREATEST with the same arguments, which is NULL. On the way back sqlglot
# wraps it in a CASE that makes it NULL, so it knows the difference. No error, no warning, also with unsupported_level=RAISE.
# Expected: an expression that leaves out NULL, or an error.
# Why it matters: greatest(last_order, last_click, last_visit) is how the last sign of life of a customer is computed. On BigQuery it is NULL for
# everybody who lacks one of the three, and an incremental load that filters by it skips them for good.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#greatest (NULL if any argument is NULL),
# https://www.postgresql.org/docs/current/functions-conditional.html#FUNCTIONS-GREATEST-LEAST
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

CASES = ["greatest(DATE '2025-01-05', DATE '2024-01-05')", "greatest(DATE '2025-01-05', NULL)", "least(7, NULL)"]
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
if seen != [("2025-01-05", "2025-01-05"), ("2025-01-05", "None"), ("7", "None")]:
    sys.exit("this has changed")
PY
