#!/usr/bin/env bash
# fastparquet 2026.9.0 with pandas 3.1.1: a DATE of 9999-12-31 is read as 1816-03-29.
# Behaviour: every DATE is read as nanoseconds since 1970, which end in 2262 and begin in 1677, and goes round without an error: 9999-12-31 is
# 1816-03-29, 2262-04-12 is 1677-09-21, 1600-01-01 is 2184-07-20. A timestamp of 9999-12-31 in the same file is right.
# Expected: 9999-12-31, as pyarrow reads it and as fastparquet reads it from a timestamp; or an error.
# Why it matters: 9999-12-31 is what warehouses write for "valid until further notice". Read so, every current row has ended 200 years ago, and a
# filter on valid_to >= today keeps none.
# Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#date, https://fastparquet.readthedocs.io/en/latest/details.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from datetime import date, datetime
from importlib.metadata import version

import fastparquet
import pyarrow
import pyarrow.parquet

print(*(f"{name} {version(name)}" for name in ("fastparquet", "pandas", "pyarrow")), sep=", ")
days = [date(2025, 1, 5), date(9999, 12, 31), date(2262, 4, 12), date(1600, 1, 1)]
table = pyarrow.table({"day": days, "time": pyarrow.array([datetime(*day.timetuple()[:3]) for day in days], pyarrow.timestamp("us"))})
pyarrow.parquet.write_table(table, "file.parquet")
read = fastparquet.ParquetFile("file.parquet").to_pandas()
for day, got in zip(days, read["day"]):
    print(f"  {day} is read as {got}")
print("  as a timestamp:", *(str(value)[:10] for value in read["time"]))
seen = [str(value)[:10] for value in read["day"]], [str(value)[:10] for value in read["time"]]
if seen != (["2025-01-05", "1816-03-29", "1677-09-21", "2184-07-20"], [str(day) for day in days]):
    sys.exit("this has changed")
PY
