#!/usr/bin/env bash
# google-auth 2.63.0: Credentials.to_json() leaves out the quota project that its own reader understands.
# Behaviour: quota_project_id is read from a login file and missing from what to_json() writes; account and
# universe_domain are written.
# Expected: reading, writing and reading again changes nothing.
# Why it matters: a person's login without a quota project is billed to, and refused by, another project: "API has not
# been used in project ..." names one that nobody configured. Saving a login anew brings that about.
# Source: google/oauth2/credentials.py (to_json, from_authorized_user_info),
# https://cloud.google.com/docs/quotas/quota-project
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
import json, sys
import google.auth
from google.oauth2.credentials import Credentials

print("google-auth", google.auth.__version__)
file = {"refresh_token": "r", "client_id": "c", "client_secret": "s", "quota_project_id": "billing-project",
        "account": "ann@example.org", "universe_domain": "googleapis.com"}
once = Credentials.from_authorized_user_info(file)
written = json.loads(once.to_json())
twice = Credentials.from_authorized_user_info(written)
print("read:", once.quota_project_id, "- written keys:", sorted(written), "- read again:", twice.quota_project_id)
if (once.quota_project_id, twice.quota_project_id, twice.account) != ("billing-project", None, "ann@example.org"):
    sys.exit("this has changed")
PY
