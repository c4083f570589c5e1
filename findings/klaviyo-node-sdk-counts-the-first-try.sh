#!/usr/bin/env bash
# klaviyo-api 23.0.0 for Node: numRetries counts the first try, so that 1 means no retry at all.
# Behaviour: with every answer 429, numRetries 0 and 1 both make one request, and 2 makes two. The default of 3 makes three.
# Expected: one request more than retries, as the name says. Klaviyo's SDK for Python makes four requests with max_retries=1.
# Why it matters: who carries a setting over from one SDK to the other, or sets 1 to ride over a single 429, gets no second try, and a sync
# fails at the first burst limit.
# Source: https://github.com/klaviyo/klaviyo-api-node#retry-options
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact klaviyo-api@23.0.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
cat >finding.js <<'JS'
const http = require("http");
const { AccountsApi, ApiKeySession, RetryWithExponentialBackoff } = require("klaviyo-api");

async function main() {
  console.log(`klaviyo-api ${require("klaviyo-api/package.json").version} for Node`);
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    request.resume();
    response.writeHead(429, { "content-type": "application/json" });
    response.end("{}");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  for (const [numRetries, seen] of [[0, 1], [1, 1], [2, 2]]) {
    requests = 0;
    const retry = new RetryWithExponentialBackoff({ numRetries, maxInterval: 0.01 });
    const accounts = new AccountsApi(new ApiKeySession("made-up", retry));
    accounts.basePath = `http://127.0.0.1:${server.address().port}`;
    const error = await accounts.getAccounts({}).catch((raised) => raised);
    console.log(`numRetries ${numRetries}: ${requests} request(s), then ${error.message}`);
    if (requests !== seen) {
      console.error("this has changed");
      process.exitCode = 1;
    }
  }
  server.close();
}

main();
JS
node finding.js
