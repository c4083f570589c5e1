#!/usr/bin/env bash
# google-auth 2.63.0: with_quota_project keeps the token of a person's login and drops that of a service account.
# Behaviour: after refresh(), credentials.with_quota_project("q").token is still the token for google.oauth2.credentials,
# and None for service_account.Credentials; so is with_scopes of the latter.
# Expected: the same for both; a quota project changes a header, not the token.
# Why it matters: each Google client makes such a copy. With a service account every client asks for a token of its own
# although the caller has just got one, so "the key works" was not proved with the token that is used then.
# Source: google/oauth2/service_account.py (_make_copy), google/oauth2/credentials.py (with_quota_project)
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

from google.oauth2.credentials import Credentials

print("google-auth", google.auth.__version__)
account = service_account_credentials()
account.refresh(Request())
person = Credentials(None, refresh_token="r", token_uri=token_uri, client_id="c", client_secret="s")
person.refresh(Request())
got = {"service account": account.with_quota_project("q").token, "person": person.with_quota_project("q").token}
print("before:", account.token, person.token, "after with_quota_project:", got)
if got != {"service account": None, "person": "t"}:
    sys.exit("this has changed")
PY
