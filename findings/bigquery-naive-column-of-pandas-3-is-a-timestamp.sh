#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0 with pandas 3.1.1: a column of times without a zone is loaded as TIMESTAMP; with nanoseconds it is DATETIME.
# Behaviour: the client derives a table's schema from a DataFrame by a list of dtypes that has datetime64[ns] (DATETIME) only. pandas 3 makes
# datetime64[us] of texts and of Python's datetimes; that one is left to Arrow's type, which the client maps to TIMESTAMP.
# Expected: times without a zone are DATETIME whatever their resolution, as they are with pandas 2, and as the documentation has it.
# Why it matters: after an upgrade of pandas a loader without an explicit schema makes TIMESTAMP columns; local times are taken for UTC,
# so that a sync that detects changes by that column is hours off, and an append to the former table fails for its type.
# Source: google/cloud/bigquery/_pandas_helpers.py (_PANDAS_DTYPE_TO_BQ), https://pandas.pydata.org/docs/whatsnew/v3.0.0.html,
# https://cloud.google.com/python/docs/reference/bigquery/latest/google.cloud.bigquery.client.Client#google_cloud_bigquery_client_Client_load_table_from_dataframe
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 pandas==3.1.1 pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cat >finding.py <<'PY'
import datetime
import json
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import pandas as pd
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

warnings.simplefilter("ignore")
JOB = {"jobReference": {"projectId": "p", "jobId": "j", "location": "US"}, "status": {"state": "DONE"}}


class Google(BaseHTTPRequestHandler):
    """Takes the load jobs, and keeps the schema that the client has sent with each."""

    schemas = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.schemas.append(json.loads(body[body.index(b"{") : body.index(b"\r\n--", body.index(b"{"))]))
        self.answer(JOB)

    def do_GET(self):
        if "/tables/" in self.path:
            self.answer({"error": {"code": 404, "message": "Not found", "errors": [{"reason": "notFound"}]}}, 404)
        else:
            self.answer(JOB)

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Google)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client("p", AnonymousCredentials(), client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
column = pd.Series([datetime.datetime(2026, 11, 1, 10)])
seen = {}
for at in (column, column.astype("datetime64[ns]")):
    client.load_table_from_dataframe(pd.DataFrame({"updated_at": at}), "p.d.t", num_retries=0)
    (field,) = Google.schemas[-1]["configuration"]["load"]["schema"]["fields"]
    seen[str(at.dtype)] = field["type"]
print(f"google-cloud-bigquery {version('google-cloud-bigquery')}, pandas {version('pandas')}")
for dtype, kind in seen.items():
    print(f"  {dtype}: {kind}")
if seen != {"datetime64[us]": "TIMESTAMP", "datetime64[ns]": "DATETIME"}:
    sys.exit("this has changed")
PY
venv/bin/python finding.py
