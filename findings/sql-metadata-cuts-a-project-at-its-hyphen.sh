#!/usr/bin/env bash
# sql-metadata 3.0.1: of a table in a project with a hyphen, written without backticks, the part before the hyphen is named as the table.
# Behaviour: for FROM acme-shop.sales.orders, which BigQuery takes without backticks, Parser(...).tables is ['acme']. With backticks it is whole.
# No error is raised and nothing is logged.
# Expected: the whole name: hyphens are allowed there since 2019, and nearly every project ID has one; or an error.
# Why it matters: who lists what a view reads, to grant Klaviyo's account just that, gets the name of a table that does not exist, and grants
# nothing or the wrong thing.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#table_names
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check sql-metadata==3.0.1 sqlglot==30.30.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
cat >"$dir/finding.py" <<'PY'
import sys
from importlib.metadata import version

from sql_metadata import Parser

print(f"sql-metadata {version('sql-metadata')}, sqlglot {version('sqlglot')}")
cases = {
    "SELECT id FROM `acme-shop.sales.orders`": ["acme-shop.sales.orders"],
    "SELECT id FROM acme-shop.sales.orders": ["acme"],
}
changed = False
for sql, seen in cases.items():
    found = Parser(sql).tables
    print(f"{sql}: {found}")
    changed |= found != seen
if changed:
    sys.exit("this has changed")
PY
"$dir/venv/bin/python" "$dir/finding.py"
