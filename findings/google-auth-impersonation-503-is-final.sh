#!/usr/bin/env bash
# google-auth 2.63.0: "try again later" from the impersonation service is marked as not worth trying again.
# Behaviour: generateAccessToken answering 503 UNAVAILABLE or 429 gives, after one request, a RefreshError with
# retryable=False and the same words as for a refusal (403): "Unable to acquire impersonated credentials".
# Expected: as at the token endpoint, where google-auth tries 503 and 429 again and then says retryable=True.
# Why it matters: code that follows error.retryable gives up on a passing fault; code that goes by the words tells
# the operator that a role is missing.
# Source: https://googleapis.dev/python/google-auth/latest/reference/google.auth.exceptions.html (retryable),
# google/auth/impersonated_credentials.py
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
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import google.auth
from google.auth import exceptions, impersonated_credentials
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

reply, seen = {}, []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        seen.append(self.path)
        self.send_response(reply["status"])
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply["body"]).encode())
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

def impersonate(status, body):
    reply.update(status=status, body=body)
    account = "a@p.iam.gserviceaccount.com"
    url = f"http://127.0.0.1:{server.server_port}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    credentials = impersonated_credentials.Credentials(
        source_credentials=Credentials("token"), target_principal=account,
        target_scopes=["https://www.googleapis.com/auth/bigquery"], iam_endpoint_override=url)
    credentials.refresh(Request())
    return credentials

print("google-auth", google.auth.__version__)
got = []
for status in (503, 429, 403):
    seen.clear()
    try:
        impersonate(status, {"error": {"code": status, "message": "m"}})
    except exceptions.RefreshError as error:
        got.append((status, len(seen), error.retryable, error.args[0]))
        print(f"HTTP {status}: requests {len(seen)}, retryable {error.retryable}, {error.args[0]!r}")
if got != [(status, 1, False, "Unable to acquire impersonated credentials") for status in (503, 429, 403)]:
    sys.exit("this has changed")
PY
