#!/usr/bin/env bash
# singer-sdk 0.54.9 (jsonschema 4.26.0): targets refuse numbers that are valid by the schema they came with.
# Behaviour: a target reads numbers as Decimal and gives those to jsonschema. 5.0 is then "not of type 'integer'", and 0.1 with "multipleOf": 1e-38
# ends in decimal.InvalidOperation (DivisionImpossible), because the quotient has more than 28 digits. jsonschema itself takes 5.0 and 5.
# Expected: both are loaded. JSON Schema has 5.0 as an integer since draft 6; 1e-38 is how taps of databases (tap-postgres, tap-mysql) write a
# scale of 38 places.
# Why it matters: pandas writes whole numbers with a gap among them as 5.0, and 38 is the scale of BigQuery's BIGNUMERIC: copying such a
# column stops at its first row.
# Source: https://json-schema.org/understanding-json-schema/reference/numeric#integer,
# https://sdk.meltano.com/en/latest/classes/singer_sdk.Sink.html, https://docs.python.org/3/library/decimal.html#decimal.InvalidOperation
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check singer-sdk==0.54.9 jsonschema==4.26.0 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import contextlib
import io
import json
import logging
import sys
from importlib.metadata import version

import jsonschema
from singer_sdk import Sink, Target

logging.disable(logging.CRITICAL)


class Rows(Sink):
    loaded = []

    def process_record(self, record, context):
        self.loaded.append(record["v"])

    def process_batch(self, context):
        pass


class Memory(Target):
    name = "target-memory"
    config_jsonschema = {"type": "object", "properties": {}}
    default_sink_class = Rows


def load(schema, number):
    """Return what arrives at the sink, or the error that the target ends with."""
    stream = {"type": "object", "properties": {"v": schema}}
    lines = [
        json.dumps({"type": "SCHEMA", "stream": "s", "schema": stream, "key_properties": []}),
        '{"type": "RECORD", "stream": "s", "record": {"v": %s}}' % number,
    ]
    Rows.loaded.clear()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            Memory(config={}).listen(io.StringIO("\n".join(lines) + "\n"))
    except Exception as error:
        return type(error).__name__
    return str(Rows.loaded[0])


def valid(schema, number):
    try:
        jsonschema.validate(json.loads(number), schema)
    except jsonschema.ValidationError:
        return False
    return True


print(f"singer-sdk {version('singer-sdk')}, jsonschema {version('jsonschema')}")
seen = []
for schema, number in (
    ({"type": "integer"}, "5"),
    ({"type": "integer"}, "5.0"),
    ({"type": "number", "multipleOf": 1e-9}, "0.1"),
    ({"type": "number", "multipleOf": 1e-38}, "5"),
    ({"type": "number", "multipleOf": 1e-38}, "0.1"),
):
    seen.append(load(schema, number))
    print(f"  {number} as {schema}: {seen[-1]}; jsonschema alone, with float: {'valid' if valid(schema, number) else 'not valid'}")
if seen != ["5", "InvalidRecord", "0.1", "InvalidOperation", "InvalidOperation"]:
    print(seen)
    sys.exit("this has changed")
PY
