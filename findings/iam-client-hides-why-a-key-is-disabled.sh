#!/usr/bin/env bash
# google-cloud-iam 2.27.0 beside Google's discovery document (google-api-python-client 2.202.0): the gRPC client cannot say that Google itself
# disabled a key.
# Behaviour: the API describes ServiceAccountKey.disableReason (with SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED) and
# extendedStatus. iam_admin_v1.ServiceAccountKey has neither; it has `disabled` alone.
# Expected: the client has the fields of the API's current version.
# Why it matters: a key that leaked and was disabled by Google, and one that a colleague disabled, look alike. What to do
# next is the opposite: never enable the first again.
# Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys#ServiceAccountKey
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-iam==2.27.0 google-api-python-client==2.202.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, pathlib, sys
from importlib.metadata import version
import googleapiclient
from google.cloud.iam_admin_v1 import ServiceAccountKey

document = json.loads((pathlib.Path(googleapiclient.__file__).parent
                       / "discovery_cache/documents/iam.v1.json").read_text())
described = document["schemas"]["ServiceAccountKey"]["properties"]
known = {field.json_name for field in ServiceAccountKey.pb(ServiceAccountKey()).DESCRIPTOR.fields}
print("google-cloud-iam", version("google-cloud-iam"), "- discovery document", document["revision"])
print("described and unknown to the client:", sorted(set(described) - known))
print("reasons:", described["disableReason"]["enum"])
if sorted(set(described) - known) != ["disableReason", "extendedStatus"] or not any(
        "EXPOSED" in reason for reason in described["disableReason"]["enum"]):
    sys.exit("this has changed")
PY
