#!/usr/bin/env bash
# klaviyo-api 25.0.0: the whole "next" link as page_cursor, as documented, sends a wrong cursor.
# Behaviour: page_cursor="https://a.klaviyo.com/api/profiles/?page%5Bcursor%5D=abc" is sent as page[cursor]="=abc": the equals sign of the
# link becomes part of the cursor. The bare cursor is sent as it is.
# Expected: page[cursor]="abc". The package's description says of just such a link that "this page cursor value is exactly what is
# returned in the self/next/prev response values".
# Why it matters: the first page works and each next one is refused or, with a lenient server, is the first page again.
# Source: https://pypi.org/project/klaviyo-api/25.0.0/ ("Use cursor-based pagination"), klaviyo_api/wrapper.py
# (_page_cursor_update)
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
for cursor in ("https://a.klaviyo.com/api/profiles/?page%5Bcursor%5D=bmV4dDo6aWQ6OjE", "bmV4dDo6aWQ6OjE"):
    klaviyo.Profiles.get_profiles(page_cursor=cursor)
got = [parse_qs(urlsplit(path).query)["page[cursor]"][0] for path, _ in seen]
print("sent for the link:", got[0], "- for the cursor:", got[1])
if got != ["=bmV4dDo6aWQ6OjE", "bmV4dDo6aWQ6OjE"]:
    sys.exit("this has changed")
PY
