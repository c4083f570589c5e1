#!/usr/bin/env bash
# google-auth 2.63.0: google.auth.default(scopes=[...]) does nothing for a person's login, and does not say so.
# Behaviour: with a service account's file the credentials carry the scopes asked for; with an authorized_user file they
# have none, and a token for everything the login was made for is used.
# Expected: the scopes are sent with the refresh (the class can do that), or an error or warning says they are ignored.
# Why it matters: a tool that asks for a read-only scope to be safe works with full powers when an operator runs it.
# Source: https://googleapis.dev/python/google-auth/latest/reference/google.auth.html (default: "scopes")
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
import json, os, pathlib, sys, warnings
import google.auth
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives import serialization

warnings.simplefilter("error")
pem = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
account = {"type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": pem,
           "client_email": "a@p.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}
person = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r",
          "quota_project_id": "p"}
scope = "https://www.googleapis.com/auth/bigquery.readonly"
os.environ["GOOGLE_CLOUD_PROJECT"] = "p"
got = {}
for name, content in (("service account", account), ("person", person)):
    pathlib.Path("file.json").write_text(json.dumps(content))
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = "file.json"
    got[name] = google.auth.default(scopes=[scope])[0].scopes
print("google-auth", google.auth.__version__)
print("scopes after default(scopes=[...readonly]):", got)
if got != {"service account": [scope], "person": None}:
    sys.exit("this has changed")
PY
