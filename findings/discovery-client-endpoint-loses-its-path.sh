#!/usr/bin/env bash
# google-api-python-client 2.202.0 and google-cloud-bigquery 3.47.0: the same api_endpoint reaches two different addresses.
# Behaviour: with client_options={"api_endpoint": "http://host"} the discovery-based client asks for /projects/p/datasets/d
# (the document's servicePath "bigquery/v2/" is gone), Google's BigQuery client for /bigquery/v2/projects/p/datasets/d. For
# cloudresourcemanager the discovery-based client keeps "/v1", as that stands in each method's path.
# Expected: the option replaces the host, as its description says.
# Why it matters: one override for all clients, as gcloud has, cannot work for BigQuery: either client gets 404 from a
# server or private endpoint that serves the other.
# Source: https://googleapis.dev/python/google-api-core/latest/client_options.html (api_endpoint, "compute.googleapis.com"),
# googleapiclient/discovery.py (build_from_document)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-python-client==2.202.0 google-auth==2.63.0 httplib2==0.32.1 google-cloud-bigquery==3.47.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
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
from google.cloud import bigquery
service("bigquery", "v2").datasets().get(projectId="p", datasetId="d").execute()
service("cloudresourcemanager", "v1").projects().get(projectId="p").execute()
reply["body"] = b'{"datasetReference": {"projectId": "p", "datasetId": "d"}}'
bigquery.Client(project="p", credentials=AnonymousCredentials(),
                client_options={"api_endpoint": endpoint}).get_dataset("p.d")
got = [path.split("?")[0] for _, path, _, _ in seen]
print("asked for:", *got, sep="\n  ")
if got != ["/projects/p/datasets/d", "/v1/projects/p", "/bigquery/v2/projects/p/datasets/d"]:
    sys.exit("this has changed")
PY
