#!/usr/bin/env bash
# sqlalchemy-bigquery 1.17.3 (SQLAlchemy 2.1.9): DateTime(timezone=True) makes a DATETIME column, the type without a zone.
# Behaviour: CREATE TABLE has DATETIME for DateTime() and for DateTime(timezone=True) alike; an aware value is written as
# DATETIME '2025-01-01 00:00:00+00:00'.
# Expected: TIMESTAMP, BigQuery's type for points in time, as other dialects use theirs ("TIMESTAMP WITH TIME ZONE").
# Why it matters: a modified-at column that was declared with a zone has none in BigQuery. A reader that takes a time without zone
# for UTC, as Klaviyo does, reads another moment.
# Source: https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.DateTime.params.timezone,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type
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
import datetime, sys
from importlib.metadata import version
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy_bigquery import BigQueryDialect

table = sa.Table("t", sa.MetaData(), sa.Column("plain", sa.DateTime), sa.Column("aware", sa.DateTime(timezone=True)))

def types(dialect):
    return [column.type.compile(dialect) for column in table.columns]

moment = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
where = str((table.c.aware == moment).compile(dialect=BigQueryDialect(), compile_kwargs={"literal_binds": True}))
print("sqlalchemy-bigquery", version("sqlalchemy-bigquery"), "SQLAlchemy", sa.__version__)
print("BigQuery:", types(BigQueryDialect()), "- PostgreSQL:", types(postgresql.dialect()))
print(where)
if types(BigQueryDialect()) != ["DATETIME", "DATETIME"] or "DATETIME '2025-01-01 00:00:00+00:00'" not in where:
    sys.exit("this has changed")
PY
