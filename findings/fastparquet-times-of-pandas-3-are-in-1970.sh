#!/usr/bin/env bash
# fastparquet 2026.9.0 with pandas 3.1.1: times in seconds, and with times="int96" those in microseconds, are written as a day in January 1970.
# Behaviour: 2025-01-05 as datetime64[s], which numpy's dates become, is written as 1970-01-01 00:28:56.035: the seconds are divided by 1,000 and
# called milliseconds. With times="int96", for Spark and Hive, 2025-01-05 10:00 as datetime64[us] is 1970-01-21. Arrow reads these; no error at
# writing.
# Expected: 2025-01-05; or an error, as for a unit that is not supported.
# Why it matters: pandas 3 makes microseconds of texts and of Python's datetimes, where pandas 2 made nanoseconds, so that a job that was right
# for years writes 1970 after an upgrade. A table that is partitioned by that date puts everything into two days.
# Source: https://fastparquet.readthedocs.io/en/latest/api.html#fastparquet.write (times), https://pandas.pydata.org/docs/whatsnew/v3.0.0.html
# (resolution of datetimes), fastparquet/writer.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import fastparquet
import numpy
import pandas
import pyarrow.parquet

print(*(f"{name} {version(name)}" for name in ("fastparquet", "pandas", "pyarrow")), sep=", ")
days = pandas.Series(numpy.array(["2025-01-05"], dtype="datetime64[D]"))
times = pandas.Series(pandas.to_datetime(["2025-01-05 10:00"]))
seen = []
for values, kind in ((times, "int64"), (times, "int96"), (days, "int64")):
    fastparquet.write("file.parquet", pandas.DataFrame({"at": values}), times=kind)
    seen.append(str(pyarrow.parquet.read_table("file.parquet")["at"][0].as_py())[:16])
    print(f"  {values[0]} as {values.dtype}, times={kind!r}: {seen[-1]}")
if seen != ["2025-01-05 10:00", "1970-01-21 02:14", "1970-01-01 00:28"]:
    sys.exit("this has changed")
PY
