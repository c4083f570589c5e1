#!/usr/bin/env bash
# @dataform/core 3.0.62: what stands behind # in a .sqlx file is not a comment to Dataform: it is run, and it is a dependency.
# Behaviour: "# pre_operations { DELETE FROM t WHERE TRUE }" becomes an operation that is run before the action; "# ${ref('old')}" makes a table
# that nobody uses any more a dependency. Behind -- both are left alone.
# Expected: the same for both: plain SQL is documented to be valid in such a file, and in BigQuery # begins a comment just as -- does.
# Why it matters: commented out with the wrong one of two signs, a statement goes on changing the table that Klaviyo reads.
# Source: https://cloud.google.com/dataform/docs/dataform-core (plain SQL is valid SQLX, and is run as it is),
# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#comments
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact @dataform/core@3.0.62 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const dataform = require("@dataform/core");
console.log(`@dataform/core ${dataform.version}`);

// A .sqlx file is compiled to JavaScript, which declares an action. This stands in for the session that takes the action.
function compile(sqlx) {
  let action;
  new Function("dataform", dataform.compiler(sqlx, "definitions/profiles.sqlx"))({ sqlxAction: (a) => (action = a) });
  const dependencies = [];
  const context = { ref: (name) => { dependencies.push(name); return `\`${name}\``; } };
  action.sqlContextable(context);
  const before = action.preOperationsContextable ? action.preOperationsContextable(context) : [];
  return { dependencies, before: before.map((sql) => sql.trim()) };
}

for (const [sign, seen] of [
  ["--", { dependencies: ["profiles"], before: [] }],
  ["#", { dependencies: ["old", "profiles"], before: ["DELETE FROM t WHERE TRUE"] }],
]) {
  const result = compile(`config { type: "table" }
${sign} pre_operations { DELETE FROM t WHERE TRUE }
SELECT * FROM
${sign} \${ref("old")}
\${ref("profiles")}
`);
  console.log(`behind ${sign}: run before ${JSON.stringify(result.before)}, depends on ${JSON.stringify(result.dependencies)}`);
  if (JSON.stringify(result) !== JSON.stringify(seen)) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
