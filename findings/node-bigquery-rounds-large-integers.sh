#!/usr/bin/env bash
# @google-cloud/bigquery 8.3.1 for Node: INT64 values beyond 2^53 are rounded without an error.
# Behaviour: 9007199254740993 in an answer (a string there) is handed out as 9007199254740992. With wrapIntegers: true it is kept as text, and
# only then does turning it into a number raise.
# Expected: an error by default: the library has one, for the wrapped form ("We attempted to return all of the numeric values ...").
# Why it matters: customer and order ids of many shops are larger than that. Two rows get the same id, and a look-up by it finds another
# customer or none.
# Source: https://cloud.google.com/nodejs/docs/reference/bigquery/latest/bigquery/bigquery (wrapIntegers),
# https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Number/MAX_SAFE_INTEGER
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
  jobComplete: true, jobReference: { projectId: "p", jobId: "j" }, totalRows: "1",
  schema: { fields: [{ name: "id", type: "INTEGER" }] }, rows: [{ f: [{ v: "9007199254740993" }] }],
};
serve(answer, async (client) => {
  const [[plain]] = await client.query("SELECT 1");
  const [[wrapped]] = await client.query("SELECT 1", { wrapIntegers: true });
  let refused = "";
  try { wrapped.id.valueOf(); } catch (error) { refused = error.message.slice(0, 60); }
  console.log("@google-cloud/bigquery", version);
  console.log("answered 9007199254740993, got", plain.id, "- wrapped", wrapped.id.value, "- as a number:", refused);
  expect(plain.id === 9007199254740992 && wrapped.id.value === "9007199254740993" && refused !== "");
});
JS
node finding.js
