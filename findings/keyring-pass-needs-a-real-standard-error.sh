#!/usr/bin/env bash
# keyring-pass 0.9.3 (keyring 25.7.0): where standard error has been replaced, every call fails with an error that is not keyring's.
# Behaviour: the backend starts `pass` with stderr=sys.stderr. If that is an object without a descriptor (contextlib.redirect_stderr to a
# StringIO, a test runner, a notebook), get_password raises io.UnsupportedOperation("fileno"). Otherwise what `pass` or gpg writes goes straight
# to the terminal. (Run with a stand-in for the program `pass`.)
# Expected: keyring.errors.KeyringError, or the program's words within it; a secret that is there is found whoever reads standard error.
# Why it matters: code that catches KeyringError and goes on without a keyring ends with a traceback instead; a program that draws on the
# terminal has gpg's lines across its screen. Give the backend a sys.stderr with a descriptor, and catch every error.
# Source: keyring_pass/__init__.py (command), https://docs.python.org/3/library/subprocess.html#subprocess.Popen
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  keyring-pass==0.9.3 keyring==25.7.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
export HOME="$dir"
cd "$dir"
cat >pass <<'SH'
#!/bin/sh
# A stand-in for the program `pass`, which has one secret.
case $1 in
  show) echo "the secret" ;;
esac
SH
chmod +x pass
PATH="$dir:$PATH" venv/bin/python - <<'PY'
import contextlib
import io
import sys
from importlib.metadata import version

import keyring.errors
import keyring_pass

ring = keyring_pass.PasswordStoreBackend()
print("keyring-pass", version("keyring-pass"), "keyring", version("keyring"))
plain = ring.get_password("svc", "u")
print("with standard error as it is:", repr(plain))
try:
    with contextlib.redirect_stderr(io.StringIO()):
        redirected = ring.get_password("svc", "u")
except Exception as error:
    print("with standard error redirected:", type(error).__name__, error)
    redirected = error
ours = isinstance(redirected, keyring.errors.KeyringError)
if plain != "the secret" or not isinstance(redirected, io.UnsupportedOperation) or ours:
    sys.exit("this has changed")
PY
