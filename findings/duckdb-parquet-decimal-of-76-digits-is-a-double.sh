#!/usr/bin/env bash
# DuckDB 2.0.1: a Parquet column of DECIMAL(76, 38) is read as DOUBLE.
# Behaviour: read_parquet gives a column of decimals of more than 38 digits the type DOUBLE, with the first 17 digits of each number. No error,
# no warning. This is the type that pyarrow writes for BigQuery's BIGNUMERIC (decimal256).
# Expected: an error, or the bytes.
# Why it matters: money and identifiers of an exact type lose digits on the way through a file.
# Source: https://duckdb.org/docs/stable/data/parquet/overview, https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#decimal
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  duckdb==2.0.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
# written by pyarrow 26.0.1: Decimal("1.12345678901234567890123456789012345678") and None, as decimal256(76, 38)
base64 -d > wide.parquet <<'FILE'
UEFSMRUAFUwVTCwVBBUAFQYVBhwAAAACAAAAAwEAAAAAAAAAAAAAAAAAAAAAVIT9n0qI943N07KQ3jjzThUEGSw1ABgGc2NoZW1hFQIAFQ4VQBUCGAFu
JQoVTBWYASxcFUwVmAEAAAAWBBkcGRwmABwVDhklBgAZGAFuFQAWBBZyFnImCEkcFQAVABUCADwpBhkmAgIAAAAWchYEJggWcgAoIHBhcnF1ZXQtY3Bw
LWFycm93IHZlcnNpb24gMjYuMC4xGRwcAAAAjAAAAFBBUjE=
FILE
venv/bin/python - <<'PY'
import sys
import duckdb

schema = duckdb.sql("SELECT precision, scale FROM parquet_schema('wide.parquet') WHERE name = 'n'").fetchall()
kind, number = duckdb.sql("SELECT typeof(n), n FROM 'wide.parquet' LIMIT 1").fetchall()[0]
print("duckdb", duckdb.__version__)
print("column", schema, "read as", kind, repr(number))
if (schema, kind, number) != ([(76, 38)], "DOUBLE", 1.1234567890123457):
    sys.exit("this has changed")
PY
