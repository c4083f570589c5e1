#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0 beside the discovery document of BigQuery (google-api-python-client 2.202.0):
# the client models conditions of access entries, and never sends the parameter without which the API
# neither shows nor accepts them.
# Behaviour: `AccessEntry.condition` exists and is sent, but no request of get_dataset, create_dataset or
# update_dataset carries `accessPolicyVersion`, and none of the three has an argument for it.
# Expected: version 3 is sent wherever a condition is possible.
# Why it matters: by the API's own description, reading without it gives a role such as
# `roles/bigquery.dataViewer_with_conditionalbinding_7a34awqsda` and no condition, and writing a condition
# without it is refused. A tool that compares roles does not recognise that name.
# Source: parameter accessPolicyVersion in the discovery document that google-api-python-client ships, also
# https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/get
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 google-api-python-client==2.202.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import inspect, json, pathlib, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import googleapiclient
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

document = json.loads((pathlib.Path(googleapiclient.__file__).parent
                       / "discovery_cache/documents/bigquery.v2.json").read_text())
methods = document["resources"]["datasets"]["methods"]
described = sorted(name for name, method in methods.items() if "accessPolicyVersion" in method["parameters"])
text = methods["get"]["parameters"]["accessPolicyVersion"]["description"]
seen = []

class Server(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen.append((self.command, self.path, body))
        data = json.dumps({"datasetReference": {"projectId": "p", "datasetId": "d"}, "etag": "e", "access": []})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(data.encode())
    do_GET = do_PATCH = do_POST = answer
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = bigquery.Client(project="p", credentials=AnonymousCredentials(),
                         client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"})
entry = bigquery.AccessEntry.from_api_repr({
    "role": "READER", "userByEmail": "a@example.org",
    "condition": {"title": "until 2040", "expression": "request.time < timestamp('2040-01-01T00:00:00Z')"}})
dataset = client.get_dataset("p.d")
dataset.access_entries = [entry]
client.update_dataset(dataset, ["access_entries"])
client.create_dataset(dataset)
print("google-cloud-bigquery", bigquery.__version__, "- discovery document", document["revision"])
print("the API describes accessPolicyVersion for:", described)
print("the client sent:", *(f"\n  {verb} {path}" for verb, path, _ in seen))
print("condition in the PATCH:", json.loads(seen[1][2])["access"][0]["condition"]["title"])
arguments = [name for call in (client.get_dataset, client.update_dataset, client.create_dataset)
             for name in inspect.signature(call).parameters if "policy" in name.lower()]
if (described != ["get", "insert", "patch", "update"] or "must specify version 3" not in text
        or "_with_conditionalbinding_" not in text or arguments
        or any("accessPolicyVersion" in path for _, path, _ in seen)):
    sys.exit("this has changed")
PY
