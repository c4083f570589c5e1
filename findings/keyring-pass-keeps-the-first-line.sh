#!/usr/bin/env bash
# keyring-pass 0.9.3 (keyring 25.7.0): a secret of several lines is stored as its first line.
# Behaviour: set_password("svc", "u", "line 1\nline 2") succeeds; get_password gives "line 1". (Run with a stand-in for the
# program `pass`: the cut is made by keyring-pass before it calls it.)
# Expected: the whole secret, as from every other backend, or an error.
# Why it matters: an indented JSON key is stored as "{", a PEM key as its heading, and either is reported as safe. Read it back at
# once, or store it on one line.
# Source: https://keyring.readthedocs.io/en/latest/#api-interface, keyring_pass/__init__.py (set_password)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  keyring-pass==0.9.3 keyring==25.7.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import os, pathlib, sys
from importlib.metadata import version

# A stand-in for the program `pass`: a folder of files, as `pass` has.
program = pathlib.Path("pass")
program.write_text("""#!/bin/sh
store="$HOME/store"; mkdir -p "$store"
command=$1; shift
for name; do :; done
file="$store/$(echo "$name" | tr / _)"
case $command in
  insert) cat >"$file" ;;
  show) cat "$file" 2>/dev/null || { echo "not in the password store" >&2; exit 1; } ;;
  rm) rm "$file" 2>/dev/null || { echo "not in the password store" >&2; exit 1; } ;;
esac
""")
program.chmod(0o755)
os.environ["PATH"] = os.getcwd() + os.pathsep + os.environ["PATH"]
import keyring.errors
import keyring_pass
ring = keyring_pass.PasswordStoreBackend()
print("keyring-pass", version("keyring-pass"), "keyring", version("keyring"))
secret = '{\n  "type": "service_account"\n}\n'
ring.set_password("svc", "u", secret)
kept = ring.get_password("svc", "u")
print("stored", repr(secret), "- kept", repr(kept))
if kept != "{":
    sys.exit("this has changed")
PY
