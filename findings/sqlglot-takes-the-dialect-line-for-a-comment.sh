#!/usr/bin/env bash
# sqlglot 30.30.0: BigQuery's first line #standardSQL or #legacySQL is turned into an ordinary comment.
# Behaviour: "#standardSQL\nSELECT 1", read and written as bigquery, is "/* standardSQL */ SELECT 1".
# Expected: the line is kept, or refused: it is a directive, and it works only as it stands.
# Why it matters: jobs.query and jobs.insert take legacy SQL unless told otherwise; the line is what makes such a statement
# GoogleSQL. After a formatter or linter built on sqlglot the statement is read in the other language.
# Source: https://cloud.google.com/bigquery/docs/introduction-sql#changing_from_the_default_dialect, and useLegacySql in
# https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query (default true)
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

got = [sqlglot.transpile(f"#{line}\nSELECT 1", read="bigquery", write="bigquery")[0]
       for line in ("standardSQL", "legacySQL")]
print("sqlglot", sqlglot.__version__)
print(got)
if got != ["/* standardSQL */ SELECT 1", "/* legacySQL */ SELECT 1"]:
    sys.exit("this has changed")
PY
