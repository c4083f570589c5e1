#!/usr/bin/env bash
# google-cloud-logging 3.17.0: whether a listing is limited to 24 hours goes by the letters "timestamp" anywhere in the filter.
# Behaviour: to filter_='severity=ERROR' the client adds AND timestamp>="(a day ago)". To 'textPayload:"timestamp"' and to
# 'receiveTimestamp>"2020-01-01T00:00:00Z"' it adds nothing: all that is kept is searched.
# Expected: the addition depends on whether the filter bounds the field timestamp, or is left to the caller.
# Why it matters: "not used in the last 90 days" is read from a list of one day unless the filter has the word in it; and a search for a
# word reads, and bills, everything. Write both bounds always.
# Source: https://googleapis.dev/python/logging/latest/client.html (list_entries), google/cloud/logging_v2/_helpers.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-logging==3.17.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys, threading, json
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging

sent = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["filter"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = logging.Client(project="p", credentials=AnonymousCredentials(), _use_grpc=False,
                        client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
filters = ["severity=ERROR", 'textPayload:"timestamp"', 'receiveTimestamp>"2020-01-01T00:00:00Z"']
for text in filters:
    list(client.list_entries(filter_=text))
print("google-cloud-logging", version("google-cloud-logging"))
print(*sent, sep="\n")
if not sent[0].startswith('severity=ERROR AND timestamp>="') or sent[1:] != filters[1:]:
    sys.exit("this has changed")
PY
