#!/usr/bin/env bash
# google-auth-library 10.9.1 for Node: a service account key's token_uri is ignored.
# Behaviour: with a key file whose token_uri is another address the token is asked for at https://oauth2.googleapis.com/token. Google's
# library for Python obeys the field.
# Expected: the address that the key file names.
# Why it matters: a sandbox or emulator can hand a Python program a key that signs in there, and not a Node program: that one leaves the
# sandbox and gets invalid_grant from Google.
# Source: https://google.aip.dev/auth/4112 ("token_uri"), google-auth-library/src/auth/jwtclient.ts
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
const { generateKeyPairSync } = require("crypto");
const { GoogleAuth } = require("google-auth-library");

const privateKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const credentials = {
  type: "service_account", project_id: "p", private_key_id: "k",
  private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  client_email: "a@p.iam.gserviceaccount.com", token_uri: "http://127.0.0.1:9/token",
};

(async () => {
  const client = await new GoogleAuth({ credentials, scopes: ["https://www.googleapis.com/auth/bigquery"] }).getClient();
  const asked = [];
  client.transporter = {
    defaults: {},
    request: async (options) => {
      asked.push(String(options.url));
      return { data: { access_token: "t", expires_in: 3600 } };
    },
  };
  await client.getAccessToken();
  console.log("google-auth-library", require("google-auth-library/package.json").version);
  console.log("token_uri", credentials.token_uri, "- asked", asked[0]);
  if (asked[0] !== "https://oauth2.googleapis.com/token") {
    console.error("this has changed");
    process.exitCode = 1;
  }
})();
JS
node finding.js
