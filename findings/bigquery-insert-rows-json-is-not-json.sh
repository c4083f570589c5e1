#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: insert_rows_json writes a NaN as the bare word NaN, which is not JSON.
# Behaviour: insert_rows_json("p.d.t", [{"score": float("nan")}]) sends {"rows": [{"json": {"score": NaN}, ...}]}. insert_rows, which knows the
# schema, sends "nan" in quotes.
# Expected: "NaN" in quotes, which the API takes for FLOAT64; or null; or an error before anything is sent.
# Why it matters: rows from pandas have NaN where a value is missing. One such cell makes the whole request malformed: no row of the batch
# is stored, and the answer speaks of the payload and not of the cell. A lenient test server takes it.
# Source: https://www.rfc-editor.org/rfc/rfc8259#section-6 ("Infinity and NaN are not permitted"),
# https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll
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
import datetime, json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

sent = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        sent.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client(project="p", credentials=AnonymousCredentials(),
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
print("google-cloud-bigquery", bigquery.__version__)
table = bigquery.Table("p.d.t", schema=[bigquery.SchemaField("score", "FLOAT64")])
client.insert_rows_json("p.d.t", [{"score": float("nan")}])
client.insert_rows(table, [{"score": float("nan")}])
print(*sent, sep="\n")
if '{"score": NaN}' not in sent[0] or '{"score": "nan"}' not in sent[1]:
    sys.exit("this has changed")
PY
