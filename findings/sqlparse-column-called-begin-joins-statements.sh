#!/usr/bin/env bash
# sqlparse 0.6.1: after a column called "begin" the rest of the script is one statement.
# Behaviour: split("SELECT begin FROM t; SELECT 2; SELECT 3") gives one item. So does ALTER TABLE t ADD COLUMN begin DATE; SELECT 2. A
# column called `end` in backticks does not close what "begin" has opened. With "starts" in its place there are three items.
# Expected: three statements. BEGIN is no reserved word in GoogleSQL, and it opens a block only where a statement begins.
# Why it matters: tables of events and subscriptions have columns called begin and end. A loader that sends one statement after the other,
# or looks at the first word of each to tell reading from writing, treats three statements as one SELECT.
# Source: https://sqlparse.readthedocs.io/en/latest/api.html#sqlparse.split ("list of single statements"),
# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlparse==0.6.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python - <<'PY'
import sys

import sqlparse

print("sqlparse", sqlparse.__version__)
seen = []
for name in ("starts", "begin", "begin, `end`"):
    script = f"SELECT {name} FROM t; SELECT 2; SELECT 3"
    statements = sqlparse.split(script)
    seen.append(len(statements))
    print(f"  {script!r}: {len(statements)} of 3, the first of type {sqlparse.parse(statements[0])[0].get_type()}")
script = "ALTER TABLE t ADD COLUMN begin DATE; DELETE FROM t WHERE TRUE"
seen.append(len(sqlparse.split(script)))
print(f"  {script!r}: {seen[-1]} of 2, of type {sqlparse.parse(script)[0].get_type()}")
if seen != [3, 1, 1, 1]:
    sys.exit("this has changed")
PY
