#!/usr/bin/env bash
# google-cloud-resource-manager 1.19.0 (google-api-core 2.44.0): timeout=2 does not mean that the call ends within two seconds.
# Behaviour: get_project(name=..., timeout=2) against a server that answers 503 goes on trying for the default 60 seconds. The timeout is
# used for each try; the overall limit is the retry object's.
# Expected: "timeout: The timeout for this request", as the argument is documented, bounds what the caller waits.
# Why it matters: a status line that gives Google two seconds stands for a minute. Pass retry=Retry(timeout=2), or None, as well.
# Source: https://cloud.google.com/python/docs/reference/cloudresourcemanager/latest (get_project, "timeout"),
# google/api_core/retry/retry_unary.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-resource-manager==1.19.0 google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from google.auth.credentials import AnonymousCredentials
from google.cloud import resourcemanager_v3
from google.cloud.resourcemanager_v3.services.projects.transports.rest import ProjectsRestTransport

start = time.monotonic()
seen = []

class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(time.monotonic() - start)
        good = seen[-1] > 8
        body = {"name": "projects/1"} if good else {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}
        self.send_response(200 if good else 503)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = resourcemanager_v3.ProjectsClient(transport=ProjectsRestTransport(
    host=f"127.0.0.1:{server.server_port}", url_scheme="http", credentials=AnonymousCredentials()))
start = time.monotonic()
try:
    answer = client.get_project(name="projects/p", timeout=2).name
except Exception as error:
    answer = type(error).__name__
waited = time.monotonic() - start
print("google-cloud-resource-manager", version("google-cloud-resource-manager"))
print(f"timeout=2: {answer} after {waited:.0f} seconds and {len(seen)} requests (503 for the first eight seconds)")
if answer != "projects/1" or waited < 8:
    sys.exit("this has changed")
PY
