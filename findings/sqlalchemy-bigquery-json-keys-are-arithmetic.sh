#!/usr/bin/env bash
# sqlalchemy-bigquery 1.17.3 (SQLAlchemy 2.1.9): the key of a JSON column is written without quotes: with a hyphen in it, it is a difference.
# Behaviour: properties["sign-up"] compiles to `t`.`properties`.sign-up, which reads: the key "sign", minus a column up. ["Placed Order"] has an
# alias in it, ["$consent"] and [0] are no SQL. as_integer() and as_string() change nothing: the result is JSON, whatever is asked.
# Expected: `t`.`properties`['sign-up'] and `t`.`properties`[0], BigQuery's subscript operator; INT64(...) or LAX_INT64(...) for as_integer().
# Why it matters: Klaviyo's own properties begin with "$", and those of its metrics have blanks. With a column of that name, the query
# runs and gives another value.
# Source: https://docs.sqlalchemy.org/en/20/core/type_basics.html#sqlalchemy.types.JSON (index operations, as_integer),
# https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#json_subscript_operator, sqlalchemy_bigquery/base.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  sqlalchemy-bigquery==1.17.3 sqlalchemy==2.1.9 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import sqlalchemy as sa
from sqlalchemy_bigquery import BigQueryDialect

print(f"sqlalchemy-bigquery {version('sqlalchemy-bigquery')}, SQLAlchemy {version('sqlalchemy')}")
properties = sa.table("t", sa.column("properties", sa.JSON)).c.properties
seen = {}
for key in ("sign-up", "Placed Order", "$consent", 0):
    seen[key] = str(sa.select(properties[key]).compile(dialect=BigQueryDialect())).split(" \n")[0]
    print(f"  properties[{key!r}]: {seen[key]}")
as_integer = str((properties["orders"].as_integer() > 5).compile(dialect=BigQueryDialect(), compile_kwargs={"literal_binds": True}))
print(f"  properties['orders'].as_integer() > 5: {as_integer}")
columns = {key: sql.removeprefix("SELECT `t`.`properties`.").split(" AS ")[0] for key, sql in seen.items()}
if columns != {"sign-up": "sign-up", "Placed Order": "Placed Order", "$consent": "$consent", 0: "0"} or as_integer != "`t`.`properties`.orders > 5":
    print(columns)
    sys.exit("this has changed")
PY
