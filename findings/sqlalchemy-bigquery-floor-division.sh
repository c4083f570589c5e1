#!/usr/bin/env bash
# sqlalchemy-bigquery 1.17.3 (SQLAlchemy 2.1.9): floor division is written as division.
# Behaviour: column // 2 of two integers compiles to `column` / 2. BigQuery's / of two INT64 gives FLOAT64, so 7 // 2 is 3.5. The
# true division, column / 2, compiles to something else (a cast to NUMERIC).
# Expected: DIV(column, 2), or FLOOR.
# Why it matters: buckets, pages and batch numbers computed with // are fractions on this database alone; grouping by them gives
# one group a row.
# Source: https://docs.sqlalchemy.org/en/21/changelog/whatsnew_20.html ("Python division operator performs true division ...;
# added floor division"), https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#arithmetic_operators
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  sqlalchemy-bigquery==1.17.3 SQLAlchemy==2.1.9 google-cloud-bigquery==3.47.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy_bigquery import BigQueryDialect

n = sa.column("n", sa.Integer)
got = {name: str(expression.compile(dialect=BigQueryDialect(), compile_kwargs={"literal_binds": True}))
       for name, expression in (("//", n // 2), ("/", n / 2))}
print("sqlalchemy-bigquery", version("sqlalchemy-bigquery"), "SQLAlchemy", sa.__version__)
print(got)
if got != {"//": "`n` / 2", "/": "`n` / CAST(2 AS NUMERIC)"}:
    sys.exit("this has changed")
PY
