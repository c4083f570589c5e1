#!/usr/bin/env bash
# sqlglot 30.30.0: regexp_replace() without the option 'g' replaces the first match in DuckDB and PostgreSQL, and all of them on BigQuery.
# Behaviour: regexp_replace('00 49 00', '00', '+') becomes REGEXP_REPLACE with the same arguments, which replaces every match. On the way back
# sqlglot adds 'g', so it knows the difference. No error, no warning, also with unsupported_level=RAISE.
# Expected: an error, or an expression that replaces one match.
# Why it matters: prefixes are taken off so: a country code, "www.", the first blank between two names. Values in which the pattern comes once are
# right, others lose the middle of a number; it is seen in few rows, and late.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_replace ("all substrings"),
# https://duckdb.org/docs/stable/sql/functions/regular_expressions (options)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlglot==30.30.0 duckdb==2.0.1 pytz==2026.2 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python - <<'PY'
import sys

import duckdb
import sqlglot

CASES = ["regexp_replace('0049 30 12', '00', '+')", "regexp_replace('0049 30 0012', '00', '+')"]
connection = duckdb.connect()


def translated(sql, read, write):
    return sqlglot.transpile(sql, read=read, write=write, unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
seen = []
for expression in CASES:
    google = translated(f"SELECT {expression}", "duckdb", "bigquery")
    again = translated(google, "bigquery", "duckdb")
    pair = tuple(str(connection.execute(sql).fetchone()[0]) for sql in (f"SELECT {expression}", again))
    seen.append(pair)
    print(f"  {expression}: {pair[0]}; for BigQuery {google[7:]}, which sqlglot reads back as {pair[1]}")
if seen != [("+49 30 12", "+49 30 12"), ("+49 30 0012", "+49 30 +12")]:
    sys.exit("this has changed")
PY
