#!/usr/bin/env bash
# keyring-pass 0.9.3 (keyring 25.7.0): deleting what is not there raises subprocess.CalledProcessError.
# Behaviour: get_password of an unknown name is None, as it should be; delete_password of it raises CalledProcessError, which is no
# KeyringError. (Run with a stand-in for the program `pass`.)
# Expected: keyring.errors.PasswordDeleteError, which the interface names.
# Why it matters: clean-up code catches PasswordDeleteError ("gone already is fine") and dies on this backend with a traceback that
# has the name of the entry in it.
# Source: https://keyring.readthedocs.io/en/latest/#keyring.backend.KeyringBackend.delete_password
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
try:
    ring.delete_password("svc", "nobody")
    raised = None
except Exception as error:
    raised = type(error)
print("get:", ring.get_password("svc", "nobody"), "- delete raises", raised.__name__)
if raised.__name__ != "CalledProcessError" or issubclass(raised, keyring.errors.KeyringError):
    sys.exit("this has changed")
PY
