#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: a SchemaField written with GoogleSQL's type names never equals what the API returns.
# Behaviour: SchemaField("n", "INT64") != SchemaField("n", "INTEGER"); likewise FLOAT64/FLOAT, BOOL/BOOLEAN and
# STRUCT/RECORD. Case is levelled ("string" equals "STRING"), and so is the mode; the names are not.
# Expected: equal, since the library takes both spellings and the API documents them as the same types.
# Why it matters: the API answers with INTEGER, FLOAT, BOOLEAN and RECORD. A tool that compares the schema it
# wants with the one it finds sees a difference for ever and patches on each run.
# Source: `type` in https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema ("INTEGER
# (or INT64)")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField

print("google-cloud-bigquery", bigquery.__version__)
got = [(a, b, SchemaField("n", a) == SchemaField("n", b))
       for a, b in (("INT64", "INTEGER"), ("FLOAT64", "FLOAT"), ("BOOL", "BOOLEAN"), ("STRUCT", "RECORD"))]
for a, b, equal in got:
    print(f"{a} == {b}: {equal}")
case = SchemaField("n", "string", mode="nullable") == SchemaField("n", "STRING")
print("string/nullable == STRING/NULLABLE:", case)
if any(equal for _, _, equal in got) or not case:
    sys.exit("this has changed")
PY
