#!/usr/bin/env bash
# sqlglot 30.30.0 with DuckDB 2.0.1: the time zone of PARSE_TIMESTAMP and FORMAT_TIMESTAMP is left out.
# Behaviour: PARSE_TIMESTAMP('%Y-%m-%d %H:%M', '2025-01-05 01:02', 'America/New_York') is 01:02 instead of 06:02 UTC, and
# FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-01-05 23:30:00+00', 'Europe/Berlin') is 23:30 instead of 00:30. No error, no warning.
# DATE(ts, zone) is translated rightly.
# Expected: AT TIME ZONE, as for DATE, or an error with unsupported_level=RAISE.
# Why it matters: a change timestamp is off by hours, so an incremental reader skips rows or takes them twice.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/timestamp_functions (parse_timestamp, format_timestamp)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  sqlglot==30.30.0 duckdb==2.0.1 pytz==2026.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import duckdb, sqlglot

connection = duckdb.connect()
connection.execute("SET TimeZone='UTC'")
print("sqlglot", sqlglot.__version__, "duckdb", duckdb.__version__)
got = []
for expression in ("PARSE_TIMESTAMP('%Y-%m-%d %H:%M', '2025-01-05 01:02', 'America/New_York')",
                   "FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2025-01-05 23:30:00+00', 'Europe/Berlin')",
                   "DATE(TIMESTAMP '2025-01-05 23:30:00+00', 'Europe/Berlin')"):
    sql = sqlglot.transpile(f"SELECT {expression} AS v", read="bigquery", write="duckdb",
                            unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
    got.append(str(connection.execute(sql).fetchone()[0])[:16])
    print(expression, "->", got[-1])
if got != ["2025-01-05 01:02", "23:30", "2025-01-06"]:
    sys.exit("this has changed")
PY
