#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: DEFAULT_RETRY does not look at the HTTP status where the answer names a reason.
# Behaviour: a 503 or 429 with a reason other than rateLimitExceeded, backendError, internalError or
# badGateway is final at once (also userRateLimitExceeded); a 400 with reason backendError is tried again for
# ten minutes. Without a reason 500, 502 and 503 are tried again and 504 is not.
# Expected: 429 and 5xx are tried again whatever the reason is called; 504 like 503.
# Why it matters: BigQuery's own table of errors says of 500, 502, 503 and 504 alike that the call should be
# tried again. Who relies on the default has to add these cases.
# Source: google/cloud/bigquery/retry.py, and https://cloud.google.com/bigquery/docs/error-messages
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from google.api_core.exceptions import from_http_status
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

def tried_again(status, reason):
    errors = [{"reason": reason, "message": "m"}] if reason else []
    return DEFAULT_RETRY._predicate(from_http_status(status, "m", errors=errors))

expected = {
    (503, "backendError"): True, (503, "serviceUnavailable"): False, (429, "userRateLimitExceeded"): False,
    (400, "backendError"): True, (500, None): True, (502, None): True, (503, None): True, (504, None): False,
}
print("google-cloud-bigquery", bigquery.__version__)
got = {case: tried_again(*case) for case in expected}
for (status, reason), again in got.items():
    print(f"HTTP {status}, reason {reason}: {'tried again' if again else 'final'}")
if got != expected:
    sys.exit("this has changed")
PY
