#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: NUMERIC becomes a type with three decimal places.
# Behaviour: BigQuery's CAST('1.123456789' AS NUMERIC) is written for DuckDB as CAST(... AS DECIMAL), which is DECIMAL(18, 3): the
# value is 1.123. unsupported_level=RAISE says nothing.
# Expected: DECIMAL(38, 9), the precision and scale of BigQuery's NUMERIC; or an error.
# Why it matters: amounts and rates are rounded in a rehearsal on DuckDB, and sums differ from BigQuery's without a hint.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types,
# https://duckdb.org/docs/stable/sql/data_types/numeric
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

sql = sqlglot.transpile("SELECT CAST('1.123456789' AS NUMERIC) AS v", read="bigquery", write="duckdb",
                        unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
value, = duckdb.connect().execute(sql).fetchone()
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
print(sql, "->", value)
if str(value) != "1.123":
    sys.exit("this has changed")
PY
