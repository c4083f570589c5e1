#!/usr/bin/env bash
# proto-plus 1.29.0 (shown with google-cloud-iam 2.27.0): to_json writes enums as numbers and fields that nobody set.
# Behaviour: ServiceAccountKey.to_json gives "privateKeyType": 2 and "disabled": false; protobuf's own MessageToJson of the same
# message gives "TYPE_GOOGLE_CREDENTIALS_FILE" and leaves unset fields out. to_dict does as to_json.
# Expected: the proto3 JSON mapping: names, and no unset fields unless asked for.
# Why it matters: what is written this way differs from what the same API answers over REST, and "keyType": 0 looks like
# a fact although it was never sent. A comparison or a snapshot made over gRPC does not match one made over REST.
# Source: https://protobuf.dev/programming-guides/json/, proto/message.py (use_integers_for_enums=True)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-iam==2.27.0 proto-plus==1.29.0 protobuf==7.36.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys
from importlib.metadata import version
from google.cloud.iam_admin_v1 import ServiceAccountKey
from google.protobuf.json_format import MessageToDict

key = ServiceAccountKey(name="k", private_key_type="TYPE_GOOGLE_CREDENTIALS_FILE", key_origin="GOOGLE_PROVIDED")
plus = json.loads(ServiceAccountKey.to_json(key))
plain = MessageToDict(ServiceAccountKey.pb(key))
print("proto-plus", version("proto-plus"), "google-cloud-iam", version("google-cloud-iam"))
print("proto-plus:", plus)
print("protobuf:  ", plain)
if (plus["privateKeyType"], plus["keyType"], plus["disabled"]) != (2, 0, False) or plain != {
        "name": "k", "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyOrigin": "GOOGLE_PROVIDED"}:
    sys.exit("this has changed")
PY
