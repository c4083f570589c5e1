#!/usr/bin/env bash
# sqlglot 30.30.0: a LIKE pattern with an escaped _ or % matches nothing on DuckDB.
# Behaviour: r'a\_b' means a, an underscore, b in BigQuery. It is written as LIKE 'a\_b'; DuckDB has no escape character unless ESCAPE names one,
# so the pattern asks for a backslash. No error, no warning, also with unsupported_level=RAISE.
# Expected: LIKE 'a\_b' ESCAPE '\'.
# Why it matters: names of tables, fields and campaigns are full of underscores. NOT LIKE is worse: it keeps every row that was to be left out,
# such as internal test accounts.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#like_operator (escaping),
# https://duckdb.org/docs/stable/sql/functions/pattern_matching (ESCAPE)
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
    ("'a_b' LIKE 'a_b'", "True", "True"),
    (r"'a_b' LIKE r'a\_b'", "True", "False"),
    (r"'test_ann' NOT LIKE r'test\_%'", "False", "True"),
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
