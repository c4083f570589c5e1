#!/usr/bin/env bash
# DuckDB 2.0.1: a product of two BIGNUMs is a DOUBLE.
# Behaviour: BIGNUM holds whole numbers of any size, and a sum or difference of two is a BIGNUM with every digit. A product of two is a
# DOUBLE, with the first 17 digits. No error, no warning.
# Expected: BIGNUM, or no such operator.
# Why it matters: an exact type turns into an inexact one by the operator that makes numbers large.
# Source: https://duckdb.org/docs/stable/sql/data_types/numeric
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  duckdb==2.0.1 pytz==2026.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import duckdb

number = "123456789012345678901234567890"
row = duckdb.sql(f"SELECT typeof(a + a), a + a, typeof(a * a), a * a FROM (SELECT '{number}'::BIGNUM AS a)").fetchall()[0]
print("duckdb", duckdb.__version__)
print("sum", row[0], row[1], "product", row[2], row[3], "exact", int(number) ** 2)
if (row[0], int(row[1]), row[2]) != ("BIGNUM", 2 * int(number), "DOUBLE"):
    sys.exit("this has changed")
PY
