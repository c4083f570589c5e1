#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: array[OFFSET(i)] gives the element before the one that is meant.
# Behaviour: BigQuery counts from 0, DuckDB from 1. Of a number that is written down sqlglot makes one more (`a[OFFSET(1)]` becomes
# `a[2]`); a column is left as it is (`a[i]`). No error, no warning, also with unsupported_level=RAISE.
# Expected: `a[i + 1]`.
# Why it matters: tests of generated SQL with constants pass, and the same expression over a table reads the neighbour.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#array_subscript_operator
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  sqlglot==30.30.0 duckdb==2.0.1 pytz==2026.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import duckdb, sqlglot

def ask(query):
    sql = sqlglot.transpile(query, read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    row = duckdb.connect().execute(sql).fetchone()
    print(query, "=>", sql, "=>", row)
    return row

print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)

column = ask("SELECT a[OFFSET(i)] FROM (SELECT ['x', 'y'] AS a, 1 AS i)")
number = ask("SELECT a[OFFSET(1)] FROM (SELECT ['x', 'y'] AS a)")
if (column, number) != (("x",), ("y",)):
    sys.exit("this has changed")
PY
