#!/usr/bin/env bash
# avro 1.12.2 (Apache's own library for Python) and fastavro 1.13.1: in a union of long and double a large whole number loses digits, with avro in
# one order, with fastavro in the other.
# Behaviour: avro writes the last type of the union that takes the value, fastavro the first. With ["null", "long", "double"] avro writes
# 9007199254740993 as the double 9007199254740992.0; with ["null", "double", "long"] fastavro does. avro also writes True as the long 1 with
# ["null", "boolean", "long"]. No error.
# Expected: the type that the value has in Python: long for an int, boolean for a bool, in whatever order they stand.
# Why it matters: schema inference and changes over time make columns of INT64 and FLOAT64, null first. Identifiers of more than 15 digits lose
# their end, two customers may become one, and a change of the library, to be faster, changes which files are affected. No order of the types is
# safe with both.
# Source: https://avro.apache.org/docs/1.12.0/specification/#unions, avro/io.py (write_union)
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
from importlib.metadata import version

import avro.io
import avro.schema
import fastavro

print("avro", version("avro"), "fastavro", version("fastavro"))
seen = []
for types, value in (
    (["null", "long", "double"], 9007199254740993),
    (["null", "double", "long"], 9007199254740993),
    (["null", "boolean", "long"], True),
):
    schema = avro.schema.parse(json.dumps(types))
    one = io.BytesIO()
    avro.io.DatumWriter(schema).write(value, avro.io.BinaryEncoder(one))
    two = io.BytesIO()
    fastavro.schemaless_writer(two, types, value)
    pair = tuple(repr(fastavro.schemaless_reader(io.BytesIO(file.getvalue()), types)) for file in (one, two))
    seen.append(pair)
    print(f"  {value} as {types}: written by avro {pair[0]}, by fastavro {pair[1]}")
if seen != [("9007199254740992.0", "9007199254740993"), ("9007199254740993", "9007199254740992.0"), ("1", "True")]:
    sys.exit("this has changed")
PY
