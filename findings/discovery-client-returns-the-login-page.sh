#!/usr/bin/env bash
# google-api-python-client 2.202.0: HTML with status 200 is returned as the result of the call.
# Behaviour: datasets().get(...).execute() returns the str "<html>..." where a proxy or captive portal answers 200 with a page;
# an empty body returns "".
# Expected: an error: the API answers JSON, and execute() is documented to return the deserialized object.
# Why it matters: result.get("access", []) then fails far from the cause, and "is there an answer?" is answered with yes. A
# delete or patch whose result nobody looks at counts as done.
# Source: https://googleapis.github.io/google-api-python-client/docs/epy/googleapiclient.http.HttpRequest-class.html (execute),
# googleapiclient/model.py (JsonModel.deserialize)
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
reply.update(body=b"<html>Please log in</html>", type="text/html")
page = service("bigquery", "v2").datasets().get(projectId="p", datasetId="d").execute()
reply.update(body=b"")
empty = service("bigquery", "v2").datasets().get(projectId="p", datasetId="d").execute()
print("result for a page:", repr(page), "- for an empty body:", repr(empty))
if (page, empty) != ("<html>Please log in</html>", ""):
    sys.exit("this has changed")
PY
