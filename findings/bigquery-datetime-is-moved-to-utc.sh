#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: a datetime with a zone, given for a DATETIME, is moved to UTC and loses its zone.
# Behaviour: 2025-01-01 00:00 at +02:00 is sent as "2024-12-31T22:00:00.000000" for a DATETIME column and for a DATETIME parameter. For a DATE
# parameter a datetime is sent with its time, "2025-01-01T23:00:00".
# Expected: an error, or the time on the clock as it was given: DATETIME is the type for that.
# Why it matters: a date of birth or a delivery time is a day early, with no error. TIMESTAMP is what keeps the instant.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#datetime_type ("as they might be displayed on a watch"),
# google/cloud/bigquery/_helpers.py (_datetime_to_json)
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
table = bigquery.Table("p.d.t", schema=[bigquery.SchemaField("at", "DATETIME")])
moment = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
client.insert_rows(table, [{"at": moment}])
column = json.loads(sent[0])["rows"][0]["json"]["at"]
parameter = bigquery.ScalarQueryParameter("at", "DATETIME", moment).to_api_repr()["parameterValue"]["value"]
date = bigquery.ScalarQueryParameter("d", "DATE", datetime.datetime(2025, 1, 1, 23)).to_api_repr()["parameterValue"]["value"]
print(moment.isoformat(), "-> column", column, "- parameter", parameter, "- DATE parameter", date)
if (column, parameter, date) != ("2024-12-31T22:00:00.000000", "2024-12-31T22:00:00.000000", "2025-01-01T23:00:00"):
    sys.exit("this has changed")
PY
