#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: SAFE. before a function is taken over as it is.
# Behaviour: SAFE.SUBSTR('abc', 0, -2) becomes SAFE.SUBSTRING('abc', 0, -2), which DuckDB takes for a column or schema named SAFE. sqlglot
# raises nothing, also with unsupported_level=RAISE, although it reads the prefix as a node of its own (SafeFunc).
# Expected: TRY(SUBSTRING(...)), or an error.
# Why it matters: the check for unsupported SQL says that all is well, and the error names a column that nobody wrote.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-reference#safe_prefix
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

sql, row = ask("SELECT SAFE.SUBSTR('abc', 0, -2)")
if "SAFE.SUBSTRING(" not in sql or row != "BinderException":
    sys.exit("this has changed")
PY
