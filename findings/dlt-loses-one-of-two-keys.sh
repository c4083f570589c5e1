#!/usr/bin/env bash
# dlt 1.31.0: two keys of a record that become the same column name are merged, and one value is lost.
# Behaviour: {"Last Name": "Lee", "last_name": "Ray"} is loaded as one column last_name with "Ray"; {"Plan": "a", "plan": "b"} as plan with "b".
# The job does not fail, and nothing is logged about it.
# Expected: an error, or two columns: the naming convention's page says that names are translated, not that a value may get lost.
# Why it matters: profiles of a marketing tool have free keys, and two integrations have often written the same one in two spellings, "First Name"
# and "first_name". Which of the two values is in the warehouse depends on the order of keys in each record. Rename one of them in a map before
# dlt sees it.
# Source: https://dlthub.com/docs/general-usage/naming-convention
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dlt==1.31.0 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir" RUNTIME__DLTHUB_TELEMETRY=false
venv/bin/python -W ignore - <<'PY'
import gzip
import json
import pathlib
import sys
from importlib.metadata import version

import dlt

rows = [
    {"id": 1, "Last Name": "Lee", "last_name": "Ray", "Plan": "a", "plan": "b"},
    {"id": 2, "last_name": "Ray", "Last Name": "Lee", "plan": "b", "Plan": "a"},
]
here = pathlib.Path.cwd()
destination = dlt.destinations.filesystem(bucket_url=(here / "out").as_uri())
pipeline = dlt.pipeline("profiles", destination=destination, dataset_name="d", pipelines_dir=str(here / "state"))
info = pipeline.run(rows, table_name="profiles", loader_file_format="jsonl")
print("dlt", version("dlt"))
print("  failed jobs:", info.has_failed_jobs)
loaded = []
for file in (here / "out" / "d" / "profiles").iterdir():
    for line in gzip.open(file, "rt"):
        loaded.append({key: value for key, value in json.loads(line).items() if not key.startswith("_dlt")})
        print("  loaded:", loaded[-1])
if info.has_failed_jobs or loaded != [{"id": 1, "last_name": "Ray", "plan": "b"}, {"id": 2, "last_name": "Lee", "plan": "a"}]:
    sys.exit("this has changed")
PY
