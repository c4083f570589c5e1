#!/usr/bin/env bash
# google-auth 2.63.0: the signed request for a token is addressed to Google, wherever it is sent.
# Behaviour: a key file's token_uri is where the assertion is posted, but its "aud" claim is always
# https://oauth2.googleapis.com/token.
# Expected: aud is the token_uri, as RFC 7523 has it: the audience identifies the server that is to take it.
# Why it matters: a sandbox that checks the audience against its own address refuses every client; it has to accept
# Google's address.
# Source: https://www.rfc-editor.org/rfc/rfc7523#section-3, google/oauth2/service_account.py
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
service_account_credentials().refresh(Request())
assertion = parse_qs(seen[0])["assertion"][0].split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(assertion + "=" * (-len(assertion) % 4)))
print("sent to", token_uri.replace(str(server.server_port), "PORT"), "with aud", claims["aud"])
if claims["aud"] != "https://oauth2.googleapis.com/token":
    sys.exit("this has changed")
PY
