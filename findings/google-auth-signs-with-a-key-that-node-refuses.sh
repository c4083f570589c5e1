#!/usr/bin/env bash
# google-auth 2.63.0 (cryptography 50.0.2) and google-auth-library 10.9.1 for Node: they differ about what a private key in a key file is.
# Behaviour: where the key's lines have been joined by spaces, or are indented, or a space or quote stands before the first of them, Python's
# library signs as if nothing were wrong; Node's fails at the first token with "error:1E08010C:DECODER routines::unsupported".
# Expected: the same key file is good, or bad, for both; Google documents one format for it.
# Why it matters: a key that went through a form or a variable that turns line ends into spaces passes every check made in Python, and fails
# in the program that it was made for, if that is written for Node or uses OpenSSL. The error names neither the file nor the field.
# Source: cryptography's PEM reader (RFC 7468 in its lax form), https://docs.openssl.org/3.0/man7/ossl_store-file/,
# https://cloud.google.com/iam/docs/keys-create-delete
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  google-auth==2.63.0 cryptography==50.0.2 2>pip.log || { cat pip.log >&2; exit 2; }
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact \
  google-auth-library@10.9.1 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cat >finding.py <<'PY'
import json
from importlib.metadata import version

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account

pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
pem = pair.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
forms = {
    "as Google gives it": pem,
    "lines joined by spaces": pem.replace("\n", " "),
    "lines indented": "".join(f"  {line}\n" for line in pem.splitlines()),
    "a space before it": " " + pem,
    "a quote before it": '"' + pem,
}
print("google-auth", version("google-auth"), "cryptography", version("cryptography"))
kept = {}
for name, key in forms.items():
    info = {"type": "service_account", "client_email": "a@p.iam.gserviceaccount.com", "token_uri": "http://127.0.0.1:9/"}
    kept[name] = info | {"private_key": key}
    service_account.Credentials.from_service_account_info(kept[name]).sign_bytes(b"text")
    print("  signs:", name)
with open("keys.json", "w") as file:
    json.dump(kept, file)
PY
venv/bin/python finding.py || { echo "this has changed" >&2; exit 1; }
cat >finding.js <<'JS'
const { JWT } = require("google-auth-library");

(async () => {
  console.log("google-auth-library", require("google-auth-library/package.json").version, "on Node", process.version);
  const got = {};
  for (const [name, key] of Object.entries(require("./keys.json"))) {
    const client = new JWT({ email: key.client_email, key: key.private_key });
    // A token for a service's own address is signed here, and asks nobody.
    try { await client.getRequestHeaders("https://bigquery.googleapis.com/"); got[name] = "signs"; }
    catch (error) { got[name] = error.message; }
    console.log(`  ${got[name]}: ${name}`);
  }
  const [first, ...others] = Object.values(got);
  if (first !== "signs" || !others.every((message) => /DECODER routines::unsupported/.test(message))) {
    console.error("this has changed");
    process.exitCode = 1;
  }
})();
JS
node finding.js
