#!/usr/bin/env bash
# google-auth 2.63.0: a person's login file is written with a token_uri that is ignored when it is read.
# Behaviour: Credentials.to_json() writes "token_uri", and from_authorized_user_info() / google.auth.default() use
# https://oauth2.googleapis.com/token whatever stands there. A service account's file is obeyed.
# Expected: what was written is read back, as for service accounts.
# Why it matters: a sandbox can hand out a service-account key that signs in at its own address, but no login file: a
# program that follows one leaves the sandbox and shows its refresh token to Google.
# Source: google/oauth2/credentials.py (from_authorized_user_info: "token_uri=_GOOGLE_OAUTH2_TOKEN_ENDPOINT")
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
import json, os, pathlib, sys
import google.auth
from google.oauth2.credentials import Credentials

print("google-auth", google.auth.__version__)
login = Credentials(None, refresh_token="r", token_uri="http://127.0.0.1:9/token", client_id="c", client_secret="s")
written = {"type": "authorized_user", **json.loads(login.to_json())}
pathlib.Path("login.json").write_text(json.dumps(written))
os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "login.json"
os.environ["GOOGLE_CLOUD_PROJECT"] = "p"
read, _ = google.auth.default()
print("written:", written["token_uri"], "- used after reading:", read.token_uri)
if (written["token_uri"], read.token_uri) != ("http://127.0.0.1:9/token", "https://oauth2.googleapis.com/token"):
    sys.exit("this has changed")
PY
