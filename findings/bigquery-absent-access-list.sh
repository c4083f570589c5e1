#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: a dataset whose access list was not read looks like one with an empty list.
# Behaviour: `get_dataset(..., dataset_view=DatasetView.METADATA)` asks the API to leave the access list
# out. `Dataset.access_entries` is then `[]`, as for an empty list. Adding one entry and calling
# `update_dataset(dataset, ["access_entries"])` sends a list with that single entry.
# Expected: None, or an error, as for `labels` ("No property labels"): "not read" is not "empty".
# Why it matters: datasets.patch replaces the whole list, so a tool that adds a grant this way takes
# everybody else's away.
# Source: the description of `access` ("this field is overwritten") and of `datasetView` in
# https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets
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

seen = []

class Server(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen.append((self.command, self.path, body))
        data = b'{"datasetReference": {"projectId": "p", "datasetId": "d"}, "etag": "e"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_PATCH = answer
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client(project="p", credentials=AnonymousCredentials(),
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
dataset = client.get_dataset("p.d", dataset_view=bigquery.enums.DatasetView.METADATA)
before = dataset.access_entries
dataset.access_entries = [*before, bigquery.AccessEntry("READER", "userByEmail", "new@example.org")]
client.update_dataset(dataset, ["access_entries"])
sent = json.loads(seen[-1][2])
print("google-cloud-bigquery", bigquery.__version__)
print("asked for:", seen[0][1])
print("access_entries:", before)
print("sent:", sent)
if "datasetView=METADATA" not in seen[0][1] or before != [] or len(sent["access"]) != 1:
    sys.exit("this has changed")
PY
