#!/usr/bin/env bash
# sqlglot 30.30.0: a GRANT, read and written as bigquery, comes back in a form that BigQuery does not take.
# Behaviour: GRANT `roles/bigquery.dataViewer` ON SCHEMA `p.d` TO "user:..." becomes
# GRANT ROLES/BIGQUERY.DATAVIEWER ON SCHEMA `p.d` TO `user:...`: the role without backticks and in capitals, the grantee in
# backticks in place of quotation marks.
# Expected: the statement unchanged: backticks are what makes a name with a slash one name, and a grantee is a string.
# Why it matters: whoever formats statements with sqlglot before showing or sending them shows and sends a statement that fails.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language#grant_statement
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

statement = 'GRANT `roles/bigquery.dataViewer` ON SCHEMA `p.d` TO "user:ann@example.org"'
written = sqlglot.transpile(statement, read="bigquery", write="bigquery")[0]
print("sqlglot", sqlglot.__version__)
print(statement, "\n->", written)
if written != "GRANT ROLES/BIGQUERY.DATAVIEWER ON SCHEMA `p.d` TO `user:ann@example.org`":
    sys.exit("this has changed")
PY
