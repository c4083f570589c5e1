#!/usr/bin/env bash
# klaviyo-api 25.0.0 (urllib3 2.8.0): max_retries=1 makes up to four requests, and max_delay does not bound the wait.
# Behaviour: with max_retries=1 a server that answers 429 with Retry-After: 1 three times and then 200 gets four requests: urllib3 tries again
# below the package, waiting as long as the server says. Without Retry-After there is one request. A 500 is never tried again.
# Expected: max_retries and max_delay, the two documented settings, are what happens.
# Why it matters: a caller who wants an answer in a second, and set both to the least, waits for as long as the server names. The counts
# multiply where both layers try again.
# Source: https://pypi.org/project/klaviyo-api/25.0.0/ ("max_delay denotes delay for a single retry attempt"),
# https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html#urllib3.util.Retry (respect_retry_after_header)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  klaviyo-api==25.0.0 urllib3==2.8.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from klaviyo_api import KlaviyoAPI
from openapi_client.exceptions import ApiException

seen, plan = [], []

class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.path)
        status, headers = plan[min(len(seen), len(plan)) - 1]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps({"data": []}).encode())
    def log_message(self, *args): pass

server = HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
klaviyo = KlaviyoAPI("pk_example", max_retries=1, max_delay=0.1, test_host=f"http://127.0.0.1:{server.server_port}")

def requests_for(*answers):
    seen.clear()
    plan[:] = answers
    try:
        klaviyo.Metrics.get_metrics()
    except ApiException:
        pass
    return len(seen)

wait = (429, {"Retry-After": "1"})
got = [requests_for(wait, wait, wait, (200, {})), requests_for((429, {})), requests_for((500, {}))]
print("klaviyo-api", version("klaviyo-api"), "urllib3", version("urllib3"))
print("requests with max_retries=1 - 429 with Retry-After:", got[0], "- 429:", got[1], "- 500:", got[2])
if got != [4, 1, 1]:
    sys.exit("this has changed")
PY
