#!/usr/bin/env bash
# klaviyo-api 25.0.0: a naive datetime is sent as it is, and a number is taken for seconds since 1970.
# Behaviour: time=datetime(2025, 1, 1) is sent as "2025-01-01T00:00:00", without an offset; the same value in a filter too. time=0 is sent
# as "1970-01-01T00:00:00+00:00".
# Expected: an error, or the local time zone filled in: the type says "date-time", which has an offset.
# Why it matters: what a time without an offset means is then the server's choice. An event from a laptop west of Greenwich is dated
# hours early, and one computed from a missing value (0) lies in 1970.
# Source: https://developers.klaviyo.com/en/reference/create_event (time: date-time),
# https://spec.openapis.org/oas/v3.0.3#data-types ("date-time" is RFC 3339's)
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
import datetime
from klaviyo_api.filter_builder import FilterBuilder
reply["status"] = 202
for moment in (datetime.datetime(2025, 1, 1), 0):
    klaviyo.Events.create_event({"data": {"type": "event", "attributes": {
        "properties": {}, "time": moment,
        "metric": {"data": {"type": "metric", "attributes": {"name": "Order"}}},
        "profile": {"data": {"type": "profile", "attributes": {"email": "a@example.org"}}}}}})
builder = FilterBuilder()
builder.greater_than("datetime", datetime.datetime(2025, 1, 1))
got = [json.loads(body)["data"]["attributes"]["time"] for _, body in seen]
print("sent:", got, "- filter:", builder.build())
if got != ["2025-01-01T00:00:00", "1970-01-01T00:00:00+00:00"] or builder.build() != "greater-than(datetime,2025-01-01T00:00:00)":
    sys.exit("this has changed")
PY
