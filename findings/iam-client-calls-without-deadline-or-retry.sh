#!/usr/bin/env bash
# google-cloud-iam 2.27.0: some calls of the IAM client have no deadline, and reads of one kind differ in whether they are tried again.
# Behaviour: by default get_service_account is tried again on UNAVAILABLE for 60 seconds, get_iam_policy and query_grantable_roles are not;
# delete_service_account_key is. disable_service_account and enable_service_account have no timeout at all, the others 60 s.
# Expected: reads alike; a deadline on every call.
# Why it matters: against a network that swallows packets disabling an account waits for ever; a passing UNAVAILABLE breaks exactly the
# read that an audit begins with.
# Source: google/cloud/iam_admin_v1/services/iam/transports/base.py (_prep_wrapped_messages)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-iam==2.27.0 google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from google.auth.credentials import AnonymousCredentials
from google.cloud import iam_admin_v1

transport = iam_admin_v1.IAMClient(credentials=AnonymousCredentials()).transport
names = ("get_service_account", "get_iam_policy", "query_grantable_roles", "delete_service_account_key",
         "disable_service_account", "enable_service_account")
got = {}
for name in names:
    method = transport._wrapped_methods[getattr(transport, name)]
    got[name] = method._retry is not None, getattr(method._timeout, "_timeout", method._timeout)
print("google-cloud-iam", version("google-cloud-iam"))
for name, (again, timeout) in got.items():
    print(f"{name}: {'tried again' if again else 'once'}, timeout {timeout}")
if [again for again, _ in got.values()] != [True, False, False, True, False, False] or [
        timeout for _, timeout in got.values()][4:] != [None, None]:
    sys.exit("this has changed")
PY
