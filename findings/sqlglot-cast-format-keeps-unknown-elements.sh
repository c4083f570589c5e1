#!/usr/bin/env bash
# sqlglot 30.30.0: of a GoogleSQL CAST with FORMAT, elements that it does not know become text that has to be there.
# Behaviour: CAST(x AS TIMESTAMP FORMAT 'HH24:MI:SS.FF3') is written for DuckDB as STRPTIME(x, '%H:%M:%S.FF3'). The element FF3 (three digits of a
# second) is looked for as these letters, so the query fails for every valid text.
# Expected: an error that names the element, or its translation.
# Why it matters: a valid query is translated into one that can match nothing, and nothing says so.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_string_as_datetime
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  sqlglot==30.30.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import sqlglot

text = "SELECT CAST(x AS TIMESTAMP FORMAT 'HH24:MI:SS.FF3')"
made = sqlglot.transpile(text, read="bigquery", write="duckdb")[0]
print("sqlglot", sqlglot.__version__)
print(made)
if "'%H:%M:%S.FF3'" not in made:
    sys.exit("this has changed")
PY
