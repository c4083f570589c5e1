#!/usr/bin/env bash
# pyiceberg 0.12.0 (pyarrow 26.0.1): in a filter on a column of whole numbers a fraction is rounded, so delete("points = 1.5") deletes 2.
# Behaviour: with points 1, 2 and 3, the filter "points > 1.5" gives 3, "points >= 1.2" gives 1, 2 and 3, and "points = 1.5" gives 2;
# table.delete("points = 1.5") removes that row. A float in place of the text, GreaterThan("points", 1.5), is a TypeError.
# Expected: 2 and 3; 2 and 3; none; nothing deleted. Or the same error as for the float.
# Why it matters: BigLake tables of BigQuery are such Iceberg tables. A segment by a computed limit leaves people out or takes others in,
# and a clean-up deletes rows that no SQL engine would find with the same condition.
# Source: https://py.iceberg.apache.org/row-filter-syntax/, https://py.iceberg.apache.org/api/#partial-overwrites,
# pyiceberg/expressions/literals.py (DecimalLiteral to LongType), https://cloud.google.com/bigquery/docs/iceberg-tables
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  'pyiceberg[sql-sqlite]==0.12.0' pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import os
import sys
from importlib.metadata import version

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import GreaterThan

print(f"pyiceberg {version('pyiceberg')}, pyarrow {version('pyarrow')}; points are 1, 2 and 3")
catalog = SqlCatalog("c", uri="sqlite:///catalog.db", warehouse=f"file://{os.getcwd()}/warehouse")
catalog.create_namespace("crm")
rows = pa.table({"points": pa.array([1, 2, 3], pa.int64())})
table = catalog.create_table("crm.profiles", schema=rows.schema)
table.append(rows)
seen = []
for condition in ("points > 1.5", "points >= 1.2", "points = 1.5", "points <= 2.5", GreaterThan("points", 1.5)):
    try:
        result = table.scan(row_filter=condition).to_arrow()["points"].to_pylist()
    except TypeError as error:
        result = f"TypeError: {error}"
    seen.append(result)
    print(f"  {condition}: {result}")
table.delete("points = 1.5")
seen.append(table.scan().to_arrow()["points"].to_pylist())
print(f"  left after delete('points = 1.5'): {seen[-1]}")
if seen != [[3], [1, 2, 3], [2], [1, 2], "TypeError: Cannot convert DoubleLiteral into long", [1, 3]]:
    sys.exit("this has changed")
PY
