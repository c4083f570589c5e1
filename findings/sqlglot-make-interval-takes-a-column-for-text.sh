#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: MAKE_INTERVAL of a column has the column's name as a number.
# Behaviour: MAKE_INTERVAL(day => n) becomes `INTERVAL 'n day'`, a literal, which DuckDB cannot read. sqlglot raises nothing, also with
# unsupported_level=RAISE.
# Expected: an expression of the column, such as `to_days(n)`, or an error.
# Why it matters: what the translator says it can translate is believed; the failure comes when the query runs.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/interval_functions#make_interval
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
    try:
        row = duckdb.connect().execute(sql).fetchone()
    except duckdb.Error as error:
        row = type(error).__name__
    print(query, "=>", sql, "=>", row)
    return sql, row

print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)

sql, row = ask("SELECT MAKE_INTERVAL(day => n) FROM (SELECT 3 AS n)")
if "INTERVAL 'n day'" not in sql or row != "ConversionException":
    sys.exit("this has changed")
PY
