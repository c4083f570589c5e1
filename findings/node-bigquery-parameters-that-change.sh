#!/usr/bin/env bash
# @google-cloud/bigquery 8.3.1 for Node: NaN is sent as NULL, and bytes as a description of a Buffer.
# Behaviour: params: {f: NaN} is sent as FLOAT64 with value null; params: {b: Buffer.from("a")} as BYTES with {"type": "Buffer", "data": [97]}.
# Google's client for Python sends "nan" and "YQ==".
# Expected: the forms that the API takes: "NaN" and base64 text; or an error before anything is sent.
# Why it matters: a comparison with NaN becomes one with NULL and finds nothing, in silence. A test server that takes any JSON value
# stores the text of an object where bytes were meant.
# Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter (value: string),
# https://cloud.google.com/bigquery/docs/parameterized-queries
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

const answer = {
  jobComplete: true, jobReference: { projectId: "p", jobId: "j" }, totalRows: "0", schema: { fields: [] },
};
serve(answer, async (client, seen) => {
  await client.query({ query: "SELECT @f, @b", params: { f: NaN, b: Buffer.from("a") } });
  const sent = JSON.parse(seen.find((request) => request.body.includes("queryParameters")).body);
  const [f, b] = (sent.queryParameters || sent.configuration.query.queryParameters);
  console.log("@google-cloud/bigquery", version);
  console.log("NaN:", JSON.stringify(f), "\nBuffer:", JSON.stringify(b));
  expect(f.parameterValue.value === null && b.parameterValue.value.type === "Buffer");
});
JS
node finding.js
