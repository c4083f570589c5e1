#!/usr/bin/env bash
# google-api-core 2.44.0: iam.Policy keeps the bindings and forgets the audit settings.
# Behaviour: Policy.from_api_repr(policy).to_api_repr() has etag, version and bindings. "auditConfigs" is gone. Of two bindings
# of one role, policy["role"] shows the first.
# Expected: a policy read and written back unchanged is the same policy.
# Why it matters: for setIamPolicy of a project the default update mask is "bindings, etag", so nothing is lost there by
# luck; with a mask that names auditConfigs, or in a file kept as the state before a change, the audit logging of the
# project is lost.
# Source: https://cloud.google.com/iam/docs/reference/rest/v1/Policy, google/api_core/iam.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import google.api_core
from google.api_core.iam import Policy

policy = {"version": 1, "etag": "BwX=", "auditConfigs": [{"service": "allServices",
          "auditLogConfigs": [{"logType": "DATA_READ"}]}],
          "bindings": [{"role": "roles/viewer", "members": ["user:a@example.org"]},
                       {"role": "roles/viewer", "members": ["user:b@example.org"]}]}
read = Policy.from_api_repr(policy)
written = read.to_api_repr()
print("google-api-core", google.api_core.__version__)
print("read:", sorted(policy), "- written:", sorted(written))
print("members of roles/viewer:", read["roles/viewer"])
if sorted(written) != ["bindings", "etag", "version"] or read["roles/viewer"] != {"user:a@example.org"}:
    sys.exit("this has changed")
PY
