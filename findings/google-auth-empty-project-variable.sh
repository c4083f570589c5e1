#!/usr/bin/env bash
# google-auth 2.63.0 with google-cloud-bigquery 3.47.0: GOOGLE_CLOUD_PROJECT set to nothing is a project with no name.
# Behaviour: with GOOGLE_CLOUD_PROJECT= and a key of project "p", bigquery.Client().project is "". Unset, it is "p". An empty
# GOOGLE_APPLICATION_CREDENTIALS and an empty BIGQUERY_EMULATOR_HOST count as unset.
# Expected: empty is unset, for all of them; or an error that names the variable.
# Why it matters: a variable that a CI system or .env file leaves empty sends requests to .../projects//datasets, and the answer is a 404
# without a hint at the cause.
# Source: https://googleapis.dev/python/google-auth/latest/reference/google.auth.html (default), google/auth/_default.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-auth==2.63.0 google-cloud-bigquery==3.47.0 cryptography==50.0.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, os, pathlib, sys
import google.auth
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives import serialization
from google.cloud import bigquery

pem = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
pathlib.Path("key.json").write_text(json.dumps({
    "type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": pem,
    "client_email": "a@p.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}))
os.environ.update(GOOGLE_APPLICATION_CREDENTIALS="key.json", BIGQUERY_EMULATOR_HOST="")
unset = bigquery.Client().project
os.environ["GOOGLE_CLOUD_PROJECT"] = ""
client = bigquery.Client()
print("google-auth", google.auth.__version__, "google-cloud-bigquery", bigquery.__version__)
print("unset:", repr(unset), "- empty:", repr(client.project), client.dataset("d").path)
if (unset, client.project, client.dataset("d").path) != ("p", "", "/projects//datasets/d"):
    sys.exit("this has changed")
PY
