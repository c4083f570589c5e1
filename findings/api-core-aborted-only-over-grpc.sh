#!/usr/bin/env bash
# google-api-core 2.44.0: which exception one gets for the same error depends on the transport.
# Behaviour: "status": "ABORTED" over REST gives Conflict and over gRPC Aborted, a subclass; ALREADY_EXISTS gives Conflict
# over REST as well. FAILED_PRECONDITION gives BadRequest and FailedPrecondition.
# Expected: the status that both transports carry decides in both.
# Why it matters: "somebody else changed the policy, read again" (ABORTED) and "it is there already" (ALREADY_EXISTS) are
# one class over REST. `except Aborted` around a read-modify-write of an IAM policy works with the gRPC client, and
# never with a REST one; `except Conflict: pass` for "exists already" swallows a lost update.
# Source: https://google.aip.dev/193, google/api_core/exceptions.py (from_http_status)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-core==2.44.0 grpcio==1.85.3 grpcio-status==1.85.3 requests==2.34.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys
import google.api_core, grpc, requests
from google.api_core import exceptions

def over_rest(code, status):
    response = requests.Response()
    response.status_code = code
    response.request = requests.Request("POST", "https://example.org/").prepare()
    response._content = json.dumps({"error": {"code": code, "message": "m", "status": status}}).encode()
    return exceptions.from_http_response(response)

print("google-api-core", google.api_core.__version__)
got = []
for code, status in ((409, "ABORTED"), (409, "ALREADY_EXISTS"), (400, "FAILED_PRECONDITION")):
    rest = type(over_rest(code, status))
    rpc = type(exceptions.from_grpc_status(grpc.StatusCode[status], "m"))
    got.append((rest.__name__, rpc.__name__, issubclass(rpc, rest)))
    print(f"{code} {status}: REST {rest.__name__}, gRPC {rpc.__name__}")
if got != [("Conflict", "Aborted", True), ("Conflict", "AlreadyExists", True),
           ("BadRequest", "FailedPrecondition", True)]:
    sys.exit("this has changed")
PY
