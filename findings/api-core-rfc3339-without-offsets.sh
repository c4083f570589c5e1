#!/usr/bin/env bash
# google-api-core 2.44.0: from_rfc3339 takes "Z" and no other offset.
# Behaviour: from_rfc3339("2025-01-01T00:00:00+02:00") raises ValueError, and so does DatetimeWithNanoseconds.from_rfc3339;
# protobuf's Timestamp.FromJsonString reads the same text.
# Expected: what the name says: RFC 3339 allows any numeric offset.
# Why it matters: the times that Google's APIs send end in Z, those of other systems (Klaviyo's API: "+00:00") need not.
# A helper that worked for years fails on the first value from elsewhere.
# Source: https://www.rfc-editor.org/rfc/rfc3339#section-5.6, google/api_core/datetime_helpers.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-core==2.44.0 protobuf==7.36.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
import google.api_core
from google.api_core import datetime_helpers
from google.protobuf.timestamp_pb2 import Timestamp

text = "2025-01-01T00:00:00+00:00"
stamp = Timestamp()
stamp.FromJsonString(text)
print("google-api-core", google.api_core.__version__)
print("protobuf reads", text, "as", stamp.ToJsonString())
print("from_rfc3339 with Z:", datetime_helpers.from_rfc3339("2025-01-01T00:00:00Z"))
refused = []
for read in (datetime_helpers.from_rfc3339, datetime_helpers.DatetimeWithNanoseconds.from_rfc3339):
    try:
        read(text)
    except ValueError as error:
        refused.append(str(error).split(",")[0])
print("from_rfc3339 with +00:00:", refused)
if len(refused) != 2 or stamp.seconds != 1735689600:
    sys.exit("this has changed")
PY
