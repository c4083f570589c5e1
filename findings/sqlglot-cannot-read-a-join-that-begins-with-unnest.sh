#!/usr/bin/env bash
# sqlglot 30.30.0: a join in parentheses cannot begin with UNNEST.
# Behaviour: SELECT * FROM (UNNEST([1, 2]) AS a JOIN UNNEST([2]) AS b ON a = b) is a ParseError ("Expecting )"). The same join without the
# parentheses, or with a table first, is read.
# Expected: it is read; a from_item in parentheses may be any join. google-cloud-bigquery's system tests use the form.
# Why it matters: a tool that reads BigQuery's views with sqlglot stops at such a view.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#from_clause
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

def read(query):
    try:
        sqlglot.parse_one(query, read="bigquery")
        answer = "read"
    except sqlglot.ParseError as error:
        answer = f"ParseError: {error.errors[0]['description']}"
    print(query, "=>", answer)
    return answer

print("sqlglot", sqlglot.__version__)
join = "UNNEST([1, 2]) AS a JOIN UNNEST([2]) AS b ON a = b"
found = [read(f"SELECT * FROM ({join})"), read(f"SELECT * FROM {join}"), read("SELECT * FROM (t JOIN u ON t.x = u.x)")]
if found != ["ParseError: Expecting )", "read", "read"]:
    sys.exit("this has changed")
PY
