#!/usr/bin/env bash
# google-api-core 2.44.0 (shown with google-cloud-bigquery 3.47.0): an answer {"error": "text"} is an AttributeError.
# Behaviour: for a 403 whose JSON has a string under "error", the client raises AttributeError: 'str' object has no
# attribute 'get' in place of Forbidden. {"message": ...} and HTML are turned into Forbidden and BadGateway.
# Expected: Forbidden with that text. It is the form of OAuth errors (RFC 6749), and of many gateways and proxies.
# Why it matters: the status is lost. Who catches GoogleAPICallError to explain a 403 shows a traceback.
# Source: https://www.rfc-editor.org/rfc/rfc6749#section-5.2, google/api_core/exceptions.py (from_http_response)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-core==2.44.0 google-cloud-bigquery==3.47.0 requests==2.34.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import google.api_core
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

reply = {}

class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(reply["status"])
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(reply["body"])
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client(project="p", credentials=AnonymousCredentials(),
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
print("google-api-core", google.api_core.__version__, "google-cloud-bigquery", bigquery.__version__)
got = []
for status, body in ((403, {"error": "access_denied", "error_description": "no"}),
                     (403, {"error": {"code": 403, "message": "no"}}), (403, {"message": "no"})):
    reply.update(status=status, body=json.dumps(body).encode())
    try:
        client.get_dataset("p.d", retry=None, timeout=10)
    except Exception as error:
        got.append(type(error).__name__)
        print(body, "->", type(error).__name__)
if got != ["AttributeError", "Forbidden", "Forbidden"]:
    sys.exit("this has changed")
PY
