#!/usr/bin/env bash
# singer-python 6.8.0: what a date-time lacks is taken from the day on which the tap runs.
# Behaviour: with "format": "date-time" the Transformer makes the 5th of the current month of "5", the current year's 14 March of "14 March", and
# today at ten of "10:00". No error, no warning; another run gives another value.
# Expected: a SchemaMismatch, as for "soon": RFC 3339, which the format names, has every part.
# Why it matters: a field that holds a date in most records and a month, a weekday or a quantity in others is loaded as a column of timestamps
# without a gap. As a replication key or an event's time it moves with every sync.
# Source: https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3.1 (date-time),
# https://dateutil.readthedocs.io/en/stable/parser.html (default: the current date), singer/transform.py (string_to_datetime)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check singer-python==6.8.0 2>pip.log || { cat pip.log >&2; exit 2; }
export TZ=UTC
venv/bin/python -W ignore - <<'PY'
import sys
from datetime import datetime, timezone
from importlib.metadata import version

from singer.transform import SchemaMismatch, Transformer

SCHEMA = {"type": "object", "properties": {"at": {"type": ["null", "string"], "format": "date-time"}}}


def transformed(text):
    try:
        return Transformer().transform({"at": text}, SCHEMA)["at"]
    except SchemaMismatch as error:
        return type(error).__name__


print("singer-python", version("singer-python"))
today = datetime.now(timezone.utc)
expected = {"2025-01-05T10:00:00Z": "2025-01-05T10:00:00", "10:00": f"{today:%Y-%m-%d}T10:00:00", "5": f"{today:%Y-%m}-05T00:00:00",
            "14 March": f"{today:%Y}-03-14T00:00:00", "soon": "SchemaMismatch"}
changed = False
for text, seen in expected.items():
    got = transformed(text)
    print(f"  {text!r}: {'filled from today' if text in ('10:00', '5', '14 March') and got.startswith(seen) else got}")
    changed = changed or not got.startswith(seen)
if changed:
    sys.exit("this has changed")
PY
