#!/usr/bin/env bash
# sql-formatter 15.9.0, language bigquery: the pipe operator |> is split into two operators.
# Behaviour: "FROM t |> WHERE a > 1" becomes "FROM t | > WHERE a > 1". No error is raised. The arrow of named arguments, =>, is kept.
# Expected: |> is one token of GoogleSQL; a formatter changes blanks between tokens, not within one.
# Why it matters: a view for Klaviyo that lies in a repository and is formatted there by a hook is no longer accepted by BigQuery: "| >" is a
# syntax error, and the hook has changed the file after it was tried.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/pipe-syntax
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact sql-formatter@15.9.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { format } = require("sql-formatter");
console.log(`sql-formatter ${require("sql-formatter/package.json").version}, language bigquery`);
const cases = [
  ["SELECT f(x, make_valid => TRUE)", "SELECT f (x, make_valid => TRUE)"],
  ["FROM t |> WHERE a > 1 |> SELECT b", "FROM t | > WHERE a > 1 | > SELECT b"],
];
for (const [sql, seen] of cases) {
  const written = format(sql, { language: "bigquery" }).replace(/\s+/g, " ");
  console.log(`${sql}  becomes  ${written}`);
  if (written !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
