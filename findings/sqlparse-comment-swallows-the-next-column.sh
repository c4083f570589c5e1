#!/usr/bin/env bash
# sqlparse 0.6.1: a column vanishes into the comment before it, if that comment begins with # and no blank.
# Behaviour: format(strip_whitespace=True) turns "SELECT a #key\n, b" into "SELECT a #key, b", and reindent=True moves the comma into the
# comment: "a #key,\n b". With a blank after the sign ("# key") it is taken for a comment, and the line break is kept.
# Expected: the same for both: sqlparse reads # as the start of a comment, and in BigQuery (as in MySQL) no blank is needed after it.
# Why it matters: the formatted view is valid SQL and has one column less (or an alias b for the column a), so Klaviyo's sync loses a
# field that the source file shows. Notebooks and BI tools send queries through this library.
# Source: https://sqlparse.readthedocs.io/en/latest/api.html#sqlparse.format, sqlparse/keywords.py (SQL_REGEX),
# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#comments
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
seen = {}
for comment in ("# key", "#key"):
    for option in ("strip_whitespace", "reindent"):
        sql = sqlparse.format(f"SELECT a {comment}\n, b", **{option: True})
        seen[comment, option] = sql
        # What BigQuery reads: the rest of a line from # on is a comment.
        read = " ".join(line.split("#")[0].strip() for line in sql.splitlines()).strip()
        print(f"  {comment!r:8} {option:17} {sql!r:28} is to BigQuery {read!r}")
if seen != {
    ("# key", "strip_whitespace"): "SELECT a # key\n, b",
    ("# key", "reindent"): "SELECT a # key\n,\n       b",
    ("#key", "strip_whitespace"): "SELECT a #key, b",
    ("#key", "reindent"): "SELECT a #key,\n       b",
}:
    sys.exit("this has changed")
PY
