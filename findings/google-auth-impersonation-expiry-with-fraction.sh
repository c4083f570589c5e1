#!/usr/bin/env bash
# google-auth 2.63.0: a token for an impersonated account is refused if its expiry has a fraction of a second.
# Behaviour: for {"accessToken": ..., "expireTime": "2030-01-01T00:00:00.123Z"} the refresh fails with "No access token
# or invalid expiration in response"; with "2030-01-01T00:00:00Z" it works.
# Expected: both work. The field is a protobuf Timestamp, whose JSON form has 0, 3, 6 or 9 digits of fraction.
# Why it matters: a sandbox or proxy that answers in a form the API's description allows seems to answer no token
# at all, and the message sends one looking for a missing field.
# Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
# (expireTime), google/auth/impersonated_credentials.py (strptime with "%Y-%m-%dT%H:%M:%SZ")
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
whole = impersonate(200, {"accessToken": "t", "expireTime": "2030-01-01T00:00:00Z"})
print("without a fraction:", whole.expiry)
try:
    impersonate(200, {"accessToken": "t", "expireTime": "2030-01-01T00:00:00.123Z"})
except exceptions.RefreshError as error:
    print("with a fraction:", error)
    if "invalid expiration" in str(error) and whole.token == "t":
        sys.exit(0)
sys.exit("this has changed")
PY
