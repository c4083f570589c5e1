#!/usr/bin/env bash
# google-api-python-client 2.202.0: a read with a long address is sent as POST.
# Behaviour: from 2,048 characters on, a GET becomes POST with the header x-http-method-override: GET and the parameters, among
# them alt=json, in the body.
# Expected: a GET stays a GET.
# Why it matters: a sandbox, a proxy that lets only GET through, and anything that tells reads from writes by the method
# see a POST to a collection, which is how things are created there. It happens only when a filter grows.
# Source: googleapiclient/http.py (MAX_URI_LENGTH)
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
datasets = service("bigquery", "v2").datasets()
for length in (1000, 3000):
    datasets.list(projectId="p", filter="labels.team:" + "x" * length).execute()
for method, path, headers, body in seen:
    print(f"{len(path):5} characters: {method}, {headers.get('x-http-method-override')}, body {body[:30]}")
if [(s[0], s[2].get("x-http-method-override")) for s in seen] != [("GET", None), ("POST", "GET")]:
    sys.exit("this has changed")
PY
