#!/usr/bin/env bash
# sqlalchemy-bigquery 1.17.3 (SQLAlchemy 2.1.9): the flags of regexp_match are left out, so "ignore case" does not.
# Behaviour: column.regexp_match("@example", flags="i") compiles to REGEXP_CONTAINS(`email`, '@example'), as it does without flags. For PostgreSQL
# the same expression is ~*, for MySQL REGEXP_LIKE(..., 'i'). No error, no warning. regexp_replace is refused with a CompileError.
# Expected: REGEXP_CONTAINS(`email`, '(?i)@example'), or a CompileError.
# Why it matters: a clause that excludes addresses, tried on another database, lets those in capitals through on BigQuery; they are
# synced to the marketing tool.
# Source: https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.ColumnElement.regexp_match,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_contains, https://github.com/google/re2/wiki/Syntax
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
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy_bigquery import BigQueryDialect

print(f"sqlalchemy-bigquery {version('sqlalchemy-bigquery')}, SQLAlchemy {version('sqlalchemy')}")
email = sa.column("email", sa.String)


def written(expression, dialect):
    try:
        return str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except sa.exc.CompileError as error:
        return f"CompileError: {error}"


for dialect in (postgresql.dialect(), mysql.dialect()):
    print(f"  {dialect.name}: {written(email.regexp_match('@example', flags='i'), dialect)}")
seen = []
for expression in (
    email.regexp_match("@example"),
    email.regexp_match("@example", flags="i"),
    email.regexp_replace("@example", "", flags="i"),
):
    seen.append(written(expression, BigQueryDialect()))
    print(f"  bigquery: {seen[-1]}")
if not (seen[0] == seen[1] == "REGEXP_CONTAINS(`email`, '@example')" and seen[2].startswith("CompileError")):
    sys.exit("this has changed")
PY
