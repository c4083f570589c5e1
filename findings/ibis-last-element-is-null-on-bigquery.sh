#!/usr/bin/env bash
# ibis-framework 12.0.0: array[-1] is the last element on DuckDB and NULL on BigQuery.
# Behaviour: for BigQuery the expression compiles to `a`[safe_offset(-1)], and SAFE_OFFSET of a negative position is NULL; the same
# expression run on DuckDB gives the last element.
# Expected: one meaning on all backends (that is what ibis is for), or an error where it cannot be had.
# Why it matters: an expression that was tried on DuckDB gives a column of NULLs in production, and no error.
# Source: https://ibis-project.org/reference/expression-collections#ibis.expr.types.arrays.ArrayValue.__getitem__,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/operators#array_subscript_operator
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  ibis-framework[bigquery,duckdb]==12.0.0 duckdb==2.0.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import duckdb, ibis

table = ibis.table({"a": "array<int64>"}, name="t")
bigquery = str(ibis.to_sql(table.a[-1], dialect="bigquery"))
connection = ibis.duckdb.connect()
connection.raw_sql("CREATE TABLE t AS SELECT [1, 2, 3]::BIGINT[] AS a")
here = connection.raw_sql(str(ibis.to_sql(connection.table("t").a[-1], dialect="duckdb"))).fetchone()[0]
print("ibis", ibis.__version__)
print("DuckDB gives", here, "- BigQuery gets", " ".join(bigquery.split()))
if here != 3 or "safe_offset(-1)" not in bigquery.lower():
    sys.exit("this has changed")
PY
