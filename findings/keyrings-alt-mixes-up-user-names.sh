#!/usr/bin/env bash
# keyrings.alt 5.0.2 (keyring 25.7.0): in the plain-text backend two user names that differ in case are one entry.
# Behaviour: after set_password("svc", "Ann", "1") and set_password("svc", "ann", "2"), get_password("svc", "Ann") is "2". Service
# names that differ in case are kept apart.
# Expected: what was stored under one name is not overwritten through another.
# Why it matters: key ids and base64 names differ by case. A second secret silently takes the place of the first, and whoever
# deletes one deletes the other.
# Source: https://keyring.readthedocs.io/en/latest/#api-interface; keyrings/alt/file_base.py uses configparser, whose option
# names are lower-cased: https://docs.python.org/3/library/configparser.html#configparser.ConfigParser.optionxform
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  keyrings.alt==5.0.2 keyring==25.7.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import os, sys
from importlib.metadata import version
from keyrings.alt.file import PlaintextKeyring

ring = PlaintextKeyring()
ring.file_path = os.path.join(os.getcwd(), "ring.cfg")
ring.set_password("svc", "Ann", "1")
ring.set_password("svc", "ann", "2")
ring.set_password("SVC", "ann", "3")
got = ring.get_password("svc", "Ann"), ring.get_password("svc", "ann"), ring.get_password("SVC", "ann")
print("keyrings.alt", version("keyrings.alt"), "keyring", version("keyring"))
print("svc/Ann, svc/ann, SVC/ann:", got)
if got != ("2", "2", "3"):
    sys.exit("this has changed")
PY
