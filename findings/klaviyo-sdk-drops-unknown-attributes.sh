#!/usr/bin/env bash
# klaviyo-api 25.0.0: attributes that the package does not know are left out of what is sent, and of what comes back.
# Behaviour: create_event with {"uniqueId": "7"} (a slip for unique_id) is sent without it and raises nothing; a new field in an answer
# is missing from the object. A wrong type (a number for unique_id) raises.
# Expected: an error for the slip, or the attribute is sent and the server refuses it; unknown fields of an answer are kept.
# Why it matters: without a unique id Klaviyo keeps one event a profile and second. The slip costs events, and nothing tells.
# Source: https://developers.klaviyo.com/en/reference/create_event, openapi_client/models (pydantic, extra fields are ignored)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  klaviyo-api==25.0.0 pydantic==2.14.4 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit
from klaviyo_api import KlaviyoAPI

reply = {"status": 200, "body": {"data": []}}
seen = []

class Server(BaseHTTPRequestHandler):
    def answer(self):
        seen.append((self.path, self.rfile.read(int(self.headers.get("Content-Length") or 0))))
        self.send_response(reply["status"])
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply["body"]).encode())
    do_GET = do_POST = answer
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
klaviyo = KlaviyoAPI("pk_example", test_host=f"http://127.0.0.1:{server.server_port}")
print("klaviyo-api", version("klaviyo-api"))
reply["status"] = 202
klaviyo.Events.create_event({"data": {"type": "event", "attributes": {
    "uniqueId": "7", "properties": {"uniqueId": "7"},
    "metric": {"data": {"type": "metric", "attributes": {"name": "Order"}}},
    "profile": {"data": {"type": "profile", "attributes": {"email": "a@example.org"}}}}}})
sent = json.loads(seen[0][1])["data"]["attributes"]
reply.update(status=200, body={"data": {"type": "profile", "id": "1", "links": {"self": "s"},
                                        "attributes": {"email": "a@example.org", "brand_new": 1}}})
profile = klaviyo.Profiles.get_profile("1").data.attributes
print("sent:", sorted(sent), "- answer has brand_new:", hasattr(profile, "brand_new"))
if "uniqueId" in sent or hasattr(profile, "brand_new") or sent["properties"] != {"uniqueId": "7"}:
    sys.exit("this has changed")
PY
