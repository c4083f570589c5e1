#!/usr/bin/env bash
# protobuf 7.36.2 with googleapis-common-protos 1.76.0: one error detail of a type that is not compiled in spoils the whole error.
# Behaviour: json_format.ParseDict(error, Status(), ignore_unknown_fields=True) raises ParseError ("Can not find message
# descriptor by type_url") if one of the details is of an unknown type. A field that is unknown is skipped.
# Expected: with that switch the detail is skipped, or kept as it came.
# Why it matters: Google's APIs attach details of their own types, and add new ones. Code that parses the error to find the
# ErrorInfo beside it loses code, message and reason.
# Source: https://google.aip.dev/193, https://googleapis.dev/python/protobuf/latest/google/protobuf/json_format.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  googleapis-common-protos==1.76.0 protobuf==7.36.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "newField": 1}
other = {"@type": "type.googleapis.com/google.example.v1.NewDetail", "a": 1}

def parse(*details):
    error = {"code": 7, "message": "m", "details": list(details), "newField": 1}
    try:
        return len(json_format.ParseDict(error, status_pb2.Status(), ignore_unknown_fields=True).details)
    except json_format.ParseError as problem:
        return str(problem).split(":")[0]

print("protobuf", version("protobuf"), "googleapis-common-protos", version("googleapis-common-protos"))
got = parse(info), parse(info, other)
print("known detail with an unknown field:", got[0])
print("and a detail of unknown type:", got[1])
if got[0] != 1 or "Failed to parse details field" not in str(got[1]):
    sys.exit("this has changed")
PY
