#!/usr/bin/env bash
# avro 1.12.2 (Apache's own library for Python): a decimal with fewer places than the schema's scale is written 10 or 100 times too small.
# Behaviour: with "scale": 2, Decimal("1.1") is written as 0.11, Decimal("1") as 0.01 and Decimal("1E+1") as 0.01; Decimal("1.10") is 1.10.
# fastavro reads the same from the file, so it is the file that is wrong. More places than the scale are an error. So it is with bytes and with
# fixed.
# Expected: 1.10, 1.00 and 10.00: the value is the same whatever its zeros. fastavro 1.13.1 writes that.
# Why it matters: BigQuery loads Avro's decimals as NUMERIC without a question. Decimals of a database have all their places, those that were
# computed, normalized or read from JSON do not: amounts in one column are right or a hundredth, row by row.
# Source: https://avro.apache.org/docs/1.12.0/specification/#decimal ("unscaled × 10^-scale"),
# https://cloud.google.com/bigquery/docs/loading-data-cloud-storage-avro#logical_types, avro/io.py (write_decimal_bytes)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check avro==1.12.2 fastavro==1.13.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import io
import json
import sys
from decimal import Decimal
from importlib.metadata import version

import avro.datafile
import avro.io
import avro.schema
import fastavro

FIELD = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}}
SCHEMA = {"type": "record", "name": "order", "fields": [FIELD]}
print("avro", version("avro"), "fastavro", version("fastavro"))
seen = []
for text in ("1.10", "1.1", "1", "1E+1"):
    written = io.BytesIO()
    writer = avro.datafile.DataFileWriter(written, avro.io.DatumWriter(), avro.schema.parse(json.dumps(SCHEMA)))
    writer.append({"price": Decimal(text)})
    writer.flush()
    other = io.BytesIO()
    fastavro.writer(other, SCHEMA, [{"price": Decimal(text)}])
    pair = [str(next(fastavro.reader(io.BytesIO(file.getvalue())))["price"]) for file in (written, other)]
    seen.append(pair)
    print(f"  Decimal({text!r}) with two places: avro writes {pair[0]}, fastavro writes {pair[1]}")
if seen != [["1.10", "1.10"], ["0.11", "1.10"], ["0.01", "1.00"], ["0.01", "10.00"]]:
    sys.exit("this has changed")
PY
