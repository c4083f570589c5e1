#!/usr/bin/env bash
# python-hcl2 8.1.4: a dict with plain strings is written as HCL without quotation marks, and 1e3 is read as a string.
# Behaviour: hcl2.dumps({"location": "EU"}) gives location = EU, a reference to something called EU. loads gives strings with their quotes
# ('"EU"'), so that dumps(loads(text)) is right; a number in scientific notation comes back as the string "${1e3}".
# Expected: a string is written as a string, as json.dumps does; a number is read as a number.
# Why it matters: a generator that fills a dict and dumps it writes a file that a syntax check passes and terraform refuses, or, where
# such a name exists, reads as something else.
# Source: https://pypi.org/project/python-hcl2/8.1.4/, https://developer.hashicorp.com/terraform/language/expressions/types
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  python-hcl2==8.1.4 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import hcl2

written = hcl2.dumps({"location": "EU"}).strip()
read = hcl2.loads('location = "EU"\nn = 1e3\nm = 1000\n')
print("python-hcl2", version("python-hcl2"))
print("dumps:", written, "- loads:", {name: read[name] for name in ("location", "n", "m")})
if written != "location = EU" or (read["location"], read["n"], read["m"]) != ('"EU"', "${1e3}", 1000):
    sys.exit("this has changed")
PY
