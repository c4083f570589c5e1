#!/usr/bin/env bash
# @google-cloud/bigquery 8.3.1 for Node: setMetadata guards against a lost update only if the caller repeats the etag.
# Behaviour: after dataset.getMetadata(), which stores the etag, dataset.setMetadata({access: [...]}) sends a PATCH without If-Match. With the
# whole metadata, etag among it, as the argument, the header is sent.
# Expected: as in Google's client for Python, where update_dataset sends the etag that get_dataset read.
# Why it matters: "access" is replaced as a whole. Of two programs that add an entry at the same time the slower one takes the other's
# away, and gets 200. Code ported from Python loses the 412 without noticing.
# Source: https://cloud.google.com/nodejs/docs/reference/bigquery/latest/bigquery/dataset (setMetadata),
# https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets (etag)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact \
  @google-cloud/bigquery@8.3.1 google-auth-library@10.9.1 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cat >finding.js <<'JS'
const http = require("http");
const { BigQuery } = require("@google-cloud/bigquery");
const { OAuth2Client } = require("google-auth-library");
const version = require("@google-cloud/bigquery/package.json").version;

async function serve(answer, work) {
  const seen = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      seen.push({ method: request.method, match: request.headers["if-match"], body });
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: "t", expiry_date: Date.now() + 3600000 });
  const apiEndpoint = `http://127.0.0.1:${server.address().port}`;
  try {
    return await work(new BigQuery({ projectId: "p", apiEndpoint, authClient }), seen);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function expect(same) {
  if (!same) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}

serve({ datasetReference: { projectId: "p", datasetId: "d" }, etag: "e1", access: [] }, async (client, seen) => {
  const dataset = client.dataset("d");
  const [metadata] = await dataset.getMetadata();
  await dataset.setMetadata({ access: [{ role: "READER", userByEmail: "a@example.org" }] });
  await dataset.setMetadata(metadata);
  console.log("@google-cloud/bigquery", version);
  console.log("kept etag:", dataset.metadata.etag, "- If-Match:", seen[1].match, "- with the whole metadata:", seen[2].match);
  expect(seen[1].match === undefined && seen[2].match === "e1");
});
JS
node finding.js
