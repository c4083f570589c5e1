#!/usr/bin/env bash
# singer-python 6.8.0: the Transformer makes True of every text but "false" where the schema says boolean.
# Behaviour: "no", "0", "f", "off" and "n/a" become True; "false" and "" become False. For an integer "no" is a SchemaMismatch, but "1,5" is 15
# and "+493012345678" in a column of integer or text is the number 493012345678. No error, no warning.
# Expected: False for the words of a no, as its own "false"; and a SchemaMismatch for what is no boolean, as for what is no integer.
# Why it matters: taps of CRMs and of shops run each record through it before a target loads it into BigQuery. A consent that the source holds as
# "no" or "0" arrives as TRUE, and whoever refused gets mail.
# Source: https://github.com/singer-io/singer-python/pull/14 (where it began), singer/transform.py (Transformer._transform)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check singer-python==6.8.0 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

from singer.transform import SchemaMismatch, Transformer


def transformed(value, *types):
    schema = {"type": "object", "properties": {"c": {"type": ["null", *types]}}}
    try:
        return Transformer().transform({"c": value}, schema)["c"]
    except SchemaMismatch as error:
        return type(error).__name__


print("singer-python", version("singer-python"))
seen = []
for types, values in (
    (["boolean"], ["true", "false", "no", "0", "off", "n/a"]),
    (["integer"], ["no", "1,5"]),
    (["integer", "string"], ["+493012345678"]),
):
    for value in values:
        seen.append(transformed(value, *types))
        print(f"  {value!r} as {' or '.join(types)}: {seen[-1]!r}")
if seen != [True, False, True, True, True, True, "SchemaMismatch", 15, 493012345678]:
    sys.exit("this has changed")
PY
