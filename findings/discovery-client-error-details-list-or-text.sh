#!/usr/bin/env bash
# google-api-python-client 2.202.0: HttpError.error_details is a list or a string, whichever the answer had.
# Behaviour: with details or errors in the answer it is a list of dicts; without them it is the message as a string; for HTML the
# page; for an OAuth error "".
# Expected: one type; a list, empty where there are no details.
# Why it matters: "for detail in error.error_details" runs over the letters of a sentence, and error_details[0]["reason"] is a
# TypeError exactly on those errors that are rare enough not to be in the tests (409 of Resource Manager, a proxy's 502).
# Source: https://googleapis.github.io/google-api-python-client/docs/epy/googleapiclient.errors.HttpError-class.html,
# googleapiclient/errors.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-python-client==2.202.0 google-auth==2.63.0 httplib2==0.32.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, os, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from google.auth.credentials import AnonymousCredentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

reply = {"status": 200, "body": b"{}", "type": "application/json"}
seen = []

class Server(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(reply["status"])
        self.send_header("Content-Type", reply["type"])
        self.end_headers()
        self.wfile.write(reply["body"])
    do_GET = do_POST = answer
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"

def service(name, number, endpoint=endpoint):
    return build(name, number, credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint})

print("google-api-python-client", version("google-api-python-client"))
got = []
for status, body in ((403, {"error": {"code": 403, "message": "m", "errors": [{"reason": "accessDenied"}]}}),
                     (409, {"error": {"code": 409, "message": "policy changed", "status": "ABORTED"}}),
                     (400, {"error": "invalid_grant"})):
    reply.update(status=status, body=json.dumps(body).encode())
    try:
        service("bigquery", "v2").datasets().get(projectId="p", datasetId="d").execute()
    except HttpError as error:
        got.append(error.error_details)
        print(status, repr(error.error_details))
if got != [[{"reason": "accessDenied"}], "policy changed", ""]:
    sys.exit("this has changed")
PY
