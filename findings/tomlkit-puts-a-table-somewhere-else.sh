#!/usr/bin/env bash
# tomlkit 0.15.2: a table put below a dotted key lands at the top of the file.
# Behaviour: in "[t]\na.b = 1\n" setting doc["t"]["a"]["c"] = {"x": 1} writes "[a.c]" after it: read again, the value is at a.c and not at
# t.a.c. The document in memory has it where it was put.
# Expected: "[t.a.c]", or "a.c.x = 1" below [t].
# Why it matters: a settings file that was changed and saved loses a section for the program and gains one that nobody reads. Only
# reading the written text again shows it.
# Source: https://toml.io/en/v1.0.0#table, https://tomlkit.readthedocs.io/en/latest/quickstart/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  tomlkit==0.15.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys, tomllib
import tomlkit

document = tomlkit.parse("[t]\na.b = 1\n")
document["t"]["a"]["c"] = {"x": 1}
text = tomlkit.dumps(document)
print("tomlkit", tomlkit.__version__)
print("in memory:", document.unwrap())
print(text)
print("read again:", tomllib.loads(text))
if tomllib.loads(text) != {"t": {"a": {"b": 1}}, "a": {"c": {"x": 1}}} or document.unwrap() == tomllib.loads(text):
    sys.exit("this has changed")
PY
