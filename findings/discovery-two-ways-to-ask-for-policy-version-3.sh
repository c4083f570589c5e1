#!/usr/bin/env bash
# Google's discovery documents (google-api-python-client 2.202.0): getIamPolicy takes the policy version in the body for a project, in the
# query for a service account.
# Behaviour: projects().getIamPolicy(body={"options": {"requestedPolicyVersion": 3}}) works; serviceAccounts().getIamPolicy is a POST
# without a body: body= is a TypeError, and the version goes into options_requestedPolicyVersion=3.
# Expected: one method of one IAM API has one shape.
# Why it matters: without version 3 conditions are not shown and a policy written back loses them. Code (and a sandbox) made
# for one of the two asks the other for version 1 without noticing, if it sends its JSON itself.
# Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/getIamPolicy and
# https://cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-python-client==2.202.0 google-auth==2.63.0 httplib2==0.32.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
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
version_3 = {"options": {"requestedPolicyVersion": 3}}
account = "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com"
service("cloudresourcemanager", "v1").projects().getIamPolicy(resource="p", body=version_3).execute()
accounts = service("iam", "v1").projects().serviceAccounts()
try:
    accounts.getIamPolicy(resource=account, body=version_3)
    refused = None
except TypeError as error:
    refused = str(error)
accounts.getIamPolicy(resource=account, options_requestedPolicyVersion=3).execute()
for method, path, _, body in seen:
    print(method, path, body)
print("body for a service account:", refused)
if (refused is None or json.loads(seen[0][3]) != version_3 or seen[1][3] or seen[1][0] != "POST"
        or "options.requestedPolicyVersion=3" not in seen[1][1]):
    sys.exit("this has changed")
PY
