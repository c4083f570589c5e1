#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: a label on one job drops all labels of the client's default job configuration.
# Behaviour: with default_query_job_config=QueryJobConfig(labels={"team": "crm"}) a query that has labels of its own
# ({"step": "verify"}) is sent with that one label. Other settings of the default are kept, and so are single
# keys below "query".
# Expected: labels are merged key by key, as the settings below "query" are.
# Why it matters: labels are what costs and audit logs are sorted by. The label that was set once for the whole
# program is missing on exactly those jobs that say more about themselves.
# Source: _JobConfig._fill_from_default in google/cloud/bigquery/job/base.py
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

sent = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        data = json.dumps({"jobReference": {"projectId": "p", "jobId": "j"}, "status": {"state": "DONE"},
                           "configuration": {"jobType": "QUERY", "query": {"query": "SELECT 1"}}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data.encode())
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
default = bigquery.QueryJobConfig(labels={"team": "crm"}, use_query_cache=False, maximum_bytes_billed=1000)
client = bigquery.Client(project="p", credentials=AnonymousCredentials(), default_query_job_config=default,
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
client.query("SELECT 1", job_config=bigquery.QueryJobConfig(labels={"step": "verify"}, priority="BATCH"))
configuration = sent[0]["configuration"]
print("google-cloud-bigquery", bigquery.__version__)
print("labels sent:", configuration["labels"])
print("below query:", {k: v for k, v in configuration["query"].items() if k != "query"})
if configuration["labels"] != {"step": "verify"} or configuration["query"].get("maximumBytesBilled") != "1000":
    sys.exit("this has changed")
PY
