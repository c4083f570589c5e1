#!/usr/bin/env bash
# gcloud-aio-auth 5.6.0: a key file that begins with a byte order mark is passed over, and the machine's own account is used instead.
# Behaviour: GOOGLE_APPLICATION_CREDENTIALS names a complete key file, as some editors on Windows save it: UTF-8 with a byte order mark. No
# error is raised; the token comes from the metadata server. Without the mark the same file is used. A file that does not exist is an error.
# Expected: an error, as for a file that is not there: the operator has said whom to sign in as.
# Why it matters: on a virtual machine at Google the calls succeed, but as another account, often one with more rights. What was meant to be
# tried with Klaviyo's key was tried with the machine's.
# Source: https://cloud.google.com/docs/authentication/application-default-credentials (order of the search)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check gcloud-aio-auth==5.6.0 cryptography==50.0.2 2>"$dir/pip.log" ||
  { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@}
cat >"$dir/finding.py" <<'PY'
import asyncio
import json
import os
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Server(BaseHTTPRequestHandler):
    """Google's token endpoint, and a machine's metadata server."""

    def do_POST(self):
        self.answer("of the key")

    def do_GET(self):
        self.answer("of the machine")

    def answer(self, token):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps({"access_token": token, "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"
os.environ["GCE_METADATA_HOST"] = host

from gcloud.aio.auth import Token  # noqa: E402  it reads the variable when it is imported

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
body = {
    "type": "service_account", "project_id": "p", "private_key_id": "k", "private_key": key.decode(),
    "client_email": "klaviyo@p.iam.gserviceaccount.com", "token_uri": f"http://{host}/token",
}


async def signed_in_with(encoding):
    file = Path(tempfile.mkdtemp()) / "key.json"
    file.write_text(json.dumps(body), encoding=encoding)
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
    async with Token(scopes=["https://www.googleapis.com/auth/bigquery"]) as token:
        return await token.get()


print(f"gcloud-aio-auth {version('gcloud-aio-auth')}")
seen = {encoding: asyncio.run(signed_in_with(encoding)) for encoding in ("utf-8", "utf-8-sig")}
print(f"as UTF-8: the token {seen['utf-8']}; with a byte order mark: the token {seen['utf-8-sig']}")
if seen != {"utf-8": "of the key", "utf-8-sig": "of the machine"}:
    sys.exit("this has changed")
PY
"$dir/venv/bin/python" "$dir/finding.py"
