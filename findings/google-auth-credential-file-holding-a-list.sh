#!/usr/bin/env bash
# google-auth 2.63.0: a credentials file that is valid JSON but no object ends in an AttributeError.
# Behaviour: GOOGLE_APPLICATION_CREDENTIALS naming a file with `[{...key...}]`, `null` or a string gives AttributeError:
# 'list' object has no attribute 'get'. Not JSON, an empty file, or an unknown type give DefaultCredentialsError.
# Expected: DefaultCredentialsError in each case, as documented: "if the file is in the wrong format or is missing".
# Why it matters: `jq -s .` or a secret store that wraps a key in a list makes such files; a program that handles the
# documented error dies with a traceback.
# Source: https://googleapis.dev/python/google-auth/latest/reference/google.auth.html (load_credentials_from_file)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-auth==2.63.0 requests==2.34.2 cryptography==50.0.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import os, pathlib, sys
import google.auth
from google.auth.exceptions import DefaultCredentialsError

print("google-auth", google.auth.__version__)
assert "wrong format" in google.auth.load_credentials_from_file.__doc__
got = {}
for text in ('[{"type": "service_account"}]', "null", '"text"', "not json", '{"type": "other"}'):
    pathlib.Path("key.json").write_text(text)
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "key.json"
    try:
        google.auth.default()
    except Exception as error:
        got[text] = type(error)
        print(f"{text}: {type(error).__name__}: {str(error)[:60]}")
if list(got.values()) != [AttributeError] * 3 + [DefaultCredentialsError] * 2:
    sys.exit("this has changed")
PY
