#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0 and google-cloud-iam 2.27.0 (google-api-core 2.44.0): two of Google's own clients read
# GOOGLE_CLOUD_UNIVERSE_DOMAIN differently.
# Behaviour: set to nothing (`GOOGLE_CLOUD_UNIVERSE_DOMAIN=`), BigQuery's client takes it as unset and the IAM client
# raises EmptyUniverseError. Set to another universe than the credentials', BigQuery's client raises when it is
# made; the IAM client is made for that host and complains at the first call only.
# Expected: one rule for one variable, and an empty variable counts as unset in both.
# Why it matters: a tool that uses both fails in the second half of its work, and a check "can the clients be made"
# proves nothing.
# Source: google/cloud/bigquery/client.py, google/cloud/iam_admin_v1/services/iam/client.py (_get_universe_domain),
# google/api_core/universe.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 google-cloud-iam==2.27.0 google-api-core==2.44.0 google-auth==2.63.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import os, sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, iam_admin_v1

def bigquery_host():
    return bigquery.Client(project="p", credentials=AnonymousCredentials())._connection.API_BASE_URL

def iam_host():
    return iam_admin_v1.IAMClient(credentials=AnonymousCredentials()).transport.host

def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__

print("google-cloud-bigquery", bigquery.__version__, "google-cloud-iam", iam_admin_v1.__version__)
got = {}
for value in ("", "example.goog"):
    os.environ["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = value
    got[value] = outcome(bigquery_host), outcome(iam_host)
    print(f"GOOGLE_CLOUD_UNIVERSE_DOMAIN={value}: BigQuery {got[value][0]}, IAM {got[value][1]}")
if got != {"": ("https://bigquery.googleapis.com", "EmptyUniverseError"),
           "example.goog": ("ValueError", "iam.example.goog:443")}:
    sys.exit("this has changed")
PY
