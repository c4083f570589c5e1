#!/usr/bin/env bash
# dbt-common 1.39.0 (agate 1.9.1): in a seed "10%" is the number 10, and "$5" and "€6" are one column of the numbers 5 and 6.
# Behaviour: the types of a CSV file's columns are inferred by agate, whose number strips percent and currency signs and takes out every comma:
# "1.234,50", a price as Germans write it, is 1.2345 (1,234.50 in English), and "+493012345678", a phone number, 493012345678. No warning.
# Expected: text, as for "5 USD" or "10:30": the documentation warns of leading zeros only. 10% is 0.1, and a price in euros is none in dollars.
# Why it matters: lists of discounts and prices for coupons and segments are such seeds. On most adapters the wrong numbers are loaded;
# dbt-bigquery makes an INT64 or FLOAT64 column of them, and has BigQuery load the file as it stands, with the signs in it.
# Source: https://docs.getdbt.com/reference/resource-configs/column_types ("infer the datatype"), dbt_common/clients/agate_helper.py,
# https://agate.readthedocs.io/en/latest/api/data_types.html#agate.Number, dbt/adapters/bigquery/impl.py (load_dataframe)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dbt-common==1.39.0 agate==1.9.1 2>pip.log || { cat pip.log >&2; exit 2; }
cat >seed.csv <<'CSV'
discount,price,german_price,phone,other_price
10%,$5,"1.234,50",+493012345678,5 USD
20%,€6,"2.345,60",+493012345679,6 EUR
CSV
venv/bin/python - <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

from dbt_common.clients.agate_helper import from_csv

print(f"dbt-common {version('dbt-common')}, agate {version('agate')}")
table = from_csv("seed.csv", text_columns=[])
seen = {}
for name, kind, value in zip(table.column_names, table.column_types, zip(*table.rows)):
    seen[name] = value
    print(f"  {name}: {type(kind).__name__} {', '.join(str(v) for v in value)}")
if seen != {
    "discount": (10, 20),
    "price": (5, 6),
    "german_price": (Decimal("1.2345"), Decimal("2.3456")),
    "phone": (493012345678, 493012345679),
    "other_price": ("5 USD", "6 EUR"),
}:
    sys.exit("this has changed")
PY
