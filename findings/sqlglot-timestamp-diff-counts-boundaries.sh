#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: one second apart is one hour apart.
# Behaviour: TIMESTAMP_DIFF('01:00:00', '00:59:59', HOUR) is translated to DuckDB's DATE_DIFF and gives 1: the boundaries that are
# crossed. For TIMESTAMP values BigQuery counts whole intervals: 0.
# Expected: DATE_SUB, DuckDB's function for whole intervals.
# Why it matters: "older than 24 hours" is true an hour early; a freshness check tried on DuckDB fires at another time in
# BigQuery.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions#timestamp_diff ("whole specified
# granularity intervals"), https://duckdb.org/docs/stable/sql/functions/date
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

expression = "TIMESTAMP_DIFF(TIMESTAMP '2025-01-01 01:00:00+00', TIMESTAMP '2025-01-01 00:59:59+00', HOUR)"
sql = sqlglot.transpile(f"SELECT {expression} AS v", read="bigquery", write="duckdb",
                        unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
value, = duckdb.connect().execute(sql).fetchone()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
print(expression, "->", value, "by way of", sql)
if value != 1:
    sys.exit("this has changed")
PY
