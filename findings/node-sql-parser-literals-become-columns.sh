#!/usr/bin/env bash
# node-sql-parser 5.4.0, dialect BigQuery: three kinds of literals come back as columns with an alias.
# Behaviour: BIGNUMERIC '1' is read as a column BIGNUMERIC that is called 1, b'x' as a column b called x, and 0xFF as 0 called xFF. No error is
# raised, and sqlify writes them so.
# Expected: the literal, as for DATE '2024-01-01', which comes back as it was; or an error, as for what the parser does not know.
# Why it matters: a view that is read, changed and written again by a tool selects other values under other names. What Klaviyo then maps are
# columns that nobody has written.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#literals (bytes, integers in hexadecimal, NUMERIC literals)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact node-sql-parser@5.4.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { Parser } = require("node-sql-parser");
console.log(`node-sql-parser ${require("node-sql-parser/package.json").version}, dialect BigQuery`);
const parser = new Parser();
const dialect = { database: "BigQuery" };
const cases = [
  ["SELECT DATE '2024-01-01'", "SELECT DATE '2024-01-01'"],
  ["SELECT BIGNUMERIC '1'", "SELECT BIGNUMERIC AS `1`"],
  ["SELECT b'x'", "SELECT b AS x"],
  ["SELECT 0xFF", "SELECT 0 AS xFF"],
];
for (const [sql, seen] of cases) {
  const written = parser.sqlify(parser.astify(sql, dialect), dialect);
  console.log(`${sql}  is written as  ${written}`);
  if (written !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
