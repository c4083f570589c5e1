#!/usr/bin/env bash
# ibis-framework 12.0.0: a Decimal with more than nine places is written for BigQuery as NUMERIC, which has nine.
# Behaviour: ibis.literal(Decimal("1.1234567890123")) compiles to CAST('1.1234567890123' AS NUMERIC). BigQuery rounds that to 1.123456789 in
# the cast; Google's own client takes BIGNUMERIC for such a value.
# Expected: BIGNUMERIC, or an error.
# Why it matters: a comparison with the value finds nothing, and a rate is another one, without a hint in Python.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions#cast_numeric
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  ibis-framework[bigquery]==12.0.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import decimal, sys
import ibis
from google.cloud import bigquery
from google.cloud.bigquery.dbapi import _helpers

value = decimal.Decimal("1.1234567890123")
sql = " ".join(str(ibis.to_sql(ibis.literal(value), dialect="bigquery")).split())
google = _helpers.to_query_parameters([value], [None])[0].type_
print("ibis", ibis.__version__, "google-cloud-bigquery", bigquery.__version__)
print(sql, "- Google's client:", google)
if "CAST('1.1234567890123' AS NUMERIC)" not in sql or google != "BIGNUMERIC":
    sys.exit("this has changed")
PY
