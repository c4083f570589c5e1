#!/usr/bin/env bash
# sqllineage 1.5.9 (sqlfluff 4.5.0), dialect bigquery: an array of the row before is a source table, and a query in pipe syntax has none.
# Behaviour: INSERT INTO d.x SELECT i.sku FROM d.orders, orders.items AS i has the source tables d.orders and orders.items; the column comes
# from orders.items.sku. CREATE VIEW d.x AS FROM d.orders |> SELECT id has no source at all. No error, no warning.
# Expected: d.orders in both. orders.items is a column: the documentation of FROM has the comma before an array as a correlated join, as if
# UNNEST stood there; written with UNNEST the table is found alone.
# Why it matters: exported order lines are such arrays. Whoever asks the lineage what a Klaviyo source depends on is shown a dataset
# "orders" that does not exist, or is told that the view depends on nothing and the table can be dropped.
# Source: https://sqllineage.readthedocs.io/en/latest/,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#correlated_join,
# https://cloud.google.com/bigquery/docs/reference/standard-sql/pipe-syntax
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sqllineage==1.5.9 sqlfluff==4.5.0 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from sqllineage.runner import LineageRunner

print(f"sqllineage {version('sqllineage')}, sqlfluff {version('sqlfluff')}")
seen = []
for sql in (
    "INSERT INTO d.x SELECT i.sku FROM d.orders, UNNEST(orders.items) AS i",
    "INSERT INTO d.x SELECT i.sku FROM d.orders, orders.items AS i",
    "CREATE VIEW d.x AS SELECT id FROM d.orders",
    "CREATE VIEW d.x AS FROM d.orders |> SELECT id",
):
    sources = sorted(str(table) for table in LineageRunner(sql, dialect="bigquery").source_tables)
    seen.append(sources)
    print(f"  {sql}\n    sources: {sources}")
if seen != [["d.orders"], ["d.orders", "orders.items"], ["d.orders"], []]:
    sys.exit("this has changed")
PY
