#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: the DB-API cursor edits SQL that has no parameters.
# Behaviour: `cursor.execute("SELECT '100%%'")` sends `SELECT '100%'`: doubled percent signs are halved although no
# parameters were given. A single percent sign goes through. With parameters, a single one is an error.
# Expected: without parameters the statement is sent as it was written.
# Why it matters: a LIKE pattern or a format such as '%%' means something else than what was typed, with no
# error; and the same statement needs two spellings, with and without parameters.
# Source: https://peps.python.org/pep-0249/#paramstyle, google/cloud/bigquery/dbapi/cursor.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery import dbapi

sent = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"])
        data = json.dumps({"jobComplete": True, "jobReference": {"projectId": "p", "jobId": "j"}, "totalRows": "0",
                           "schema": {"fields": [{"name": "a", "type": "STRING"}]}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data.encode())
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client(project="p", credentials=AnonymousCredentials(),
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
cursor = dbapi.connect(client, prefer_bqstorage_client=False).cursor()
cursor.execute("SELECT '100%%'")
cursor.execute("SELECT '100%'")
try:
    cursor.execute("SELECT '100%', %s", (1,))
    refused = None
except dbapi.ProgrammingError as error:
    refused = str(error)
print("google-cloud-bigquery", bigquery.__version__)
print("SELECT '100%%' was sent as", sent[0])
print("SELECT '100%'  was sent as", sent[1])
print("SELECT '100%', %s with a parameter:", refused)
if sent != ["SELECT '100%'", "SELECT '100%'"] or refused is None:
    sys.exit("this has changed")
PY
