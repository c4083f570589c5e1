#!/usr/bin/env bash
# deltalake 1.6.6 (pyarrow 26.0.1): delete("points = 1.5") deletes the row with 1, and delete("points < 1.5") leaves it.
# Behaviour: in conditions of delete and update a fraction that is compared with a column of whole numbers is cut off, computed columns
# included (points + 0 = 1.5). The package's own QueryBuilder, with the same table and the same condition, finds no row, and the row with 1.
# Expected: what SELECT ... WHERE finds is what delete and update change. The predicate is documented as a SQL expression.
# Why it matters: a clean-up by a computed limit deletes other customers' rows than the SELECT with which it was tried. BigQuery reads such
# tables as BigLake tables, and Klaviyo's sync takes what is left.
# Source: https://delta-io.github.io/delta-rs/usage/deleting-rows-from-delta-lake-table/,
# https://delta-io.github.io/delta-rs/api/delta_table/#deltalake.DeltaTable.delete,
# https://cloud.google.com/bigquery/docs/create-delta-lake-table
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import sys
import tempfile
from importlib.metadata import version

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake

ALL = {0, 1, 2, 3}


def table():
    path = tempfile.mkdtemp(dir=".")
    write_deltalake(path, pa.table({"points": pa.array(sorted(ALL), pa.int64())}))
    return DeltaTable(path)


def selected(condition):
    batches = QueryBuilder().register("t", table()).execute(f"SELECT points FROM t WHERE {condition}").read_all()
    return set(pa.table(batches)["points"].to_pylist())


def deleted(condition):
    target = table()
    target.delete(condition)
    return ALL - set(target.to_pyarrow_table()["points"].to_pylist())


def updated(condition):
    return table().update({"points": "100"}, predicate=condition)["num_updated_rows"]


print(f"deltalake {version('deltalake')}; points are 0, 1, 2 and 3")
seen = {}
for condition in ("points = 1.5", "points < 1.5", "points >= 1.5", "points + 0 = 1.5"):
    seen[condition] = selected(condition), deleted(condition), updated(condition)
    print("  {}: SELECT finds {}, delete removes {}, update changes {} row(s)".format(condition, *(s or "none" for s in seen[condition])))
if seen != {
    "points = 1.5": (set(), {1}, 1),
    "points < 1.5": ({0, 1}, {0}, 1),
    "points >= 1.5": ({2, 3}, {1, 2, 3}, 3),
    "points + 0 = 1.5": (set(), {1}, 1),
}:
    sys.exit("this has changed")
PY
