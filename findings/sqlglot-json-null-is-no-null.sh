#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: JSON_QUERY and JSON_EXTRACT of a null in a text are not NULL.
# Behaviour: JSON_QUERY('{"a": null}', '$.a') IS NULL is false: DuckDB's `->` gives a JSON null, which is a value. BigQuery documents
# a SQL NULL for a JSON-formatted text. No error, no warning.
# Expected: NULL, e.g. NULLIF(... , 'null').
# Why it matters: "the property is missing" counts nothing where a source writes null for what it does not know.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_query
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

found = [ask(f"SELECT {f}('{{\"a\": null}}', '$.a') IS NULL") for f in ("JSON_QUERY", "JSON_EXTRACT", "JSON_VALUE")]
if found != [(False,), (False,), (True,)]:
    sys.exit("this has changed")
PY
