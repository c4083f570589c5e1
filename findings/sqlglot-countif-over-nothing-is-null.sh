#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: COUNTIF over no rows is NULL.
# Behaviour: SELECT COUNTIF(x > 5) over an empty input becomes DuckDB's COUNT_IF and gives NULL; BigQuery documents 0. COUNT(*)
# beside it gives 0.
# Expected: 0, e.g. COUNT(*) FILTER (WHERE ...).
# Why it matters: "no bad rows" in an empty table turns into NULL, and `bad = 0` into neither true nor false: the check neither
# passes nor fails. It happens on new connections, where all tables are still empty.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/aggregate_functions#countif
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

query = "SELECT COUNTIF(x > 5) AS bad, COUNT(*) AS n FROM (SELECT 1 AS x) WHERE x = 2"
sql = sqlglot.transpile(query, read="bigquery", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
row = duckdb.connect().execute(sql).fetchone()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
print(sql, "->", row)
if row != (None, 0):
    sys.exit("this has changed")
PY
