#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: DIV of a difference divides the wrong part.
# Behaviour: DIV(a - 1, b) becomes `a - 1 // b`, so that DIV(11 - 1, 5) is 11. No error, no warning.
# Expected: `(a - 1) // b`, which is 2.
# Why it matters: paging and bucketing are written so (`DIV(ROW_NUMBER() OVER () - 1, 1000)`); rows land in wrong pages.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/mathematical_functions#div
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

wrong = ask("SELECT DIV(a - 1, b) FROM (SELECT 11 AS a, 5 AS b)")
right = ask("SELECT DIV(a, b) FROM (SELECT 10 AS a, 5 AS b)")
if (wrong, right) != ((11,), (2,)):
    sys.exit("this has changed")
PY
