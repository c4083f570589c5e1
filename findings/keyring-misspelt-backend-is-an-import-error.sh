#!/usr/bin/env bash
# keyring 25.7.0: a backend that is not installed ends in ModuleNotFoundError or AttributeError.
# Behaviour: with PYTHON_KEYRING_BACKEND=nope.Backend the first call raises ModuleNotFoundError: No module named 'nope'; with a class that does
# not exist AttributeError. The same module in keyringrc.cfg: the same. Neither is a KeyringError.
# Expected: a KeyringError that names the variable or the file, or the backends that are installed.
# Why it matters: programs catch KeyringError to go on without a keyring. With a setting left from another environment in which the backend
# was installed, they stop with a traceback that does not mention a keyring.
# Source: https://keyring.readthedocs.io/en/latest/#config-path ("PYTHON_KEYRING_BACKEND"), keyring/core.py (load_env, load_config)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  keyring==25.7.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import os, pathlib, subprocess, sys
from importlib.metadata import version

CODE = """
import keyring, keyring.errors
try:
    keyring.get_password('service', 'user')
    print('no error')
except keyring.errors.KeyringError as error:
    print('KeyringError', type(error).__name__)
except Exception as error:
    print(type(error).__name__)
"""

def outcome(**extra):
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env={**os.environ, **extra})
    return run.stdout.strip()

os.environ.pop("PYTHON_KEYRING_BACKEND", None)
os.environ.pop("XDG_CONFIG_HOME", None)
from keyring.util import platform_
folder = pathlib.Path(platform_.config_root())  # below HOME, which is a temporary folder here
folder.mkdir(parents=True)
got = {"module": outcome(PYTHON_KEYRING_BACKEND="nope.Backend"),
       "class": outcome(PYTHON_KEYRING_BACKEND="keyring.backends.null.Nope")}
(folder / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=nope.Backend\n")
got["file"] = outcome()
print("keyring", version("keyring"))
print(got)
if got != {"module": "ModuleNotFoundError", "class": "AttributeError", "file": "ModuleNotFoundError"}:
    sys.exit("this has changed")
PY
