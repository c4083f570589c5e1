#!/usr/bin/env bash
# sqlframe 4.10.0 on DuckDB: functions of PySpark's name give other results than PySpark documents.
# Behaviour: get_json_object of {"a": "x"} gives "x" with its quotation marks; regexp_replace with the groups $2-$1 gives these letters;
# date_format with 'T' in quotes gives the quotes; 1.9 cast to int is 2. No error, no warning.
# Expected: x, 34-12, 2025-01-05T10:00:00 and 1: sqlframe says that it implements the PySpark DataFrame API.
# Why it matters: pipelines are tried on DuckDB, for it needs no Java and no cloud, and run on BigQuery or Spark. Identifiers with quotation marks
# join nothing; money that is cast is one more than it was.
# Source: https://spark.apache.org/docs/latest/api/python/reference/pyspark.sql/functions.html,
# https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html (text in quotes), https://github.com/eakmanrq/sqlframe
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqlframe==4.10.0 duckdb==2.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

from sqlframe.duckdb import DuckDBSession
from sqlframe.duckdb import functions as F

frame = DuckDBSession().createDataFrame([("12-34", '{"a": "x"}', "2025-01-05 10:00:00", 1.9)], ["code", "json", "at", "price"])
CASES = {
    "concat_ws": (F.concat_ws("/", "code", F.lit("z")), "12-34/z", "12-34/z"),
    "get_json_object": (F.get_json_object("json", "$.a"), "x", '"x"'),
    "regexp_replace": (F.regexp_replace("code", r"(\d+)-(\d+)", "$2-$1"), "34-12", "$2-$1"),
    "date_format": (F.date_format(F.col("at").cast("timestamp"), "yyyy-MM-dd'T'HH:mm:ss"), "2025-01-05T10:00:00", "2025-01-05'T'10:00:00"),
    "cast to int": (F.col("price").cast("int"), "1", "2"),
}
print("sqlframe", version("sqlframe"), "duckdb", version("duckdb"))
changed = False
for name, (column, documented, seen) in CASES.items():
    got = str(frame.select(column.alias("v")).collect()[0][0])
    changed = changed or got != seen
    print(f"  {name}: {got}; PySpark documents {documented}")
if changed:
    sys.exit("this has changed")
PY
