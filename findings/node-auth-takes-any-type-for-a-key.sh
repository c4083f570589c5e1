#!/usr/bin/env bash
# google-auth-library 10.9.1 for Node: a credentials file of a type that it does not know is taken for a service account's key.
# Behaviour: {"type": "weird"} makes a JWT client; getClient() succeeds, and the first token fails with "private_key and client_email are
# required". So does a file that holds a list. Google's library for Python names the type and those it expects.
# Expected: an error that names the file and its type when the file is read.
# Why it matters: an operator who gave a file of a newer or misspelt type looks for a damaged key.
# Source: google-auth-library/src/auth/googleauth.ts (fromJSON), https://google.aip.dev/auth/4110
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact \
  google-auth-library@10.9.1 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cat >finding.js <<'JS'
const fs = require("fs");
const { GoogleAuth } = require("google-auth-library");

(async () => {
  const got = [];
  for (const text of ['{"type": "weird"}', "[1]"]) {
    fs.writeFileSync("key.json", text);
    const client = await new GoogleAuth({ keyFile: "key.json", scopes: ["https://www.googleapis.com/auth/bigquery"] }).getClient();
    let message = "";
    try { await client.getAccessToken(); } catch (error) { message = error.message; }
    got.push([client.constructor.name, message]);
    console.log(text, "->", client.constructor.name, "- first token:", message);
  }
  console.log("google-auth-library", require("google-auth-library/package.json").version);
  if (!got.every(([name, message]) => name === "JWT" && message === "private_key and client_email are required.")) {
    console.error("this has changed");
    process.exitCode = 1;
  }
})();
JS
node finding.js
