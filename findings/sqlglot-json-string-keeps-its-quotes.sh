#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: STRING(json) keeps the quotation marks.
# Behaviour: STRING(JSON '"ann@example.org"') gives "ann@example.org" with its quotes: the text of the JSON value;
# JSON_VALUE of the same document gives it without.
# Expected: BigQuery's STRING takes the string out of the JSON value.
# Why it matters: e-mail addresses and ids that were taken out of a JSON column compare unequal to the same ones from a STRING
# column; a check by regular expression with anchors finds none of them valid.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#string_for_json
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

print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
got = []
for expression in ("""STRING(JSON '"ann@example.org"')""", """JSON_VALUE('{"e": "ann@example.org"}', '$.e')"""):
    sql = sqlglot.transpile(f"SELECT {expression} AS v", read="bigquery", write="duckdb",
                            unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    got.append(duckdb.connect().execute(sql).fetchone()[0])
    print(expression, "->", got[-1])
if got != ['"ann@example.org"', "ann@example.org"]:
    sys.exit("this has changed")
PY
