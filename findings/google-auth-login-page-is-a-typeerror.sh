#!/usr/bin/env bash
# google-auth 2.63.0: a login page in place of a token is a TypeError, not a RefreshError.
# Behaviour: where the token endpoint answers 200 with HTML, as captive portals and company proxies do, refresh() raises
# TypeError: string indices must be integers. The same HTML with status 400 raises RefreshError.
# Expected: RefreshError, documented as what refresh() raises "if the credentials could not be refreshed".
# Why it matters: who catches GoogleAuthError around a sign-in does not catch the commonest fault of a hotel network.
# Source: https://googleapis.dev/python/google-auth/latest/reference/google.auth.credentials.html (refresh),
# google/oauth2/_client.py
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
import base64, json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives import serialization
import google.auth
from google.auth import exceptions
from google.auth.transport.requests import Request
from google.oauth2 import service_account

reply = {"body": json.dumps({"access_token": "t", "expires_in": 3600}).encode(), "type": "application/json"}
seen = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        seen.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(reply.get("status", 200))
        self.send_header("Content-Type", reply["type"])
        self.end_headers()
        self.wfile.write(reply["body"])
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
token_uri = f"http://127.0.0.1:{server.server_port}/token"
pem = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
key = {"type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": pem,
       "client_email": "a@p.iam.gserviceaccount.com", "token_uri": token_uri}

def service_account_credentials():
    return service_account.Credentials.from_service_account_info(
        key, scopes=["https://www.googleapis.com/auth/bigquery"])

print("google-auth", google.auth.__version__)
reply.update(body=b"<html>Please log in</html>", type="text/html")
got = []
for status in (200, 400):
    reply["status"] = status
    try:
        service_account_credentials().refresh(Request())
    except Exception as error:
        got.append(type(error))
        print(f"HTTP {status} with HTML: {type(error).__name__}: {error}")
if got != [TypeError, exceptions.RefreshError]:
    sys.exit("this has changed")
PY
