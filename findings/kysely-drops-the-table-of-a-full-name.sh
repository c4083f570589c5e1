#!/usr/bin/env bash
# kysely 0.28.19 with @maktouch/kysely-bigquery 1.1.0: of project.dataset.table the table is left out.
# Behaviour: selectFrom("acme.crm.profiles") compiles to a SELECT from `acme`.`crm`: table crm of dataset acme. So do deleteFrom, insertInto and
# schema.dropTable ("drop table `acme`.`crm`"); createView quotes the whole as one name. A column with as many parts is an error.
# Expected: `acme`.`crm`.`profiles`, which is how BigQuery writes a table of another project, or the same error as for the column.
# Why it matters: the statement is valid. Where the default project has such a dataset and table, that is what is read, emptied or dropped;
# elsewhere the message names a table that nobody wrote.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#path_expressions,
# https://www.npmjs.com/package/@maktouch/kysely-bigquery, kysely/dist/cjs/parser/table-parser.js and reference-parser.js
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact kysely@0.28.19 @maktouch/kysely-bigquery@1.1.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { Kysely } = require("kysely");
const { BigQueryDialect } = require("@maktouch/kysely-bigquery");
const { dependencies } = require("./package.json");  // exact, and as installed
console.log(Object.entries(dependencies).map(([package, version]) => `${package} ${version}`).join(", "));
const db = new Kysely({ dialect: new BigQueryDialect({ bigquery: {} }) });  // compiles, sends nothing
const name = "acme.crm.profiles";
const cases = [
  ["selectFrom", () => db.selectFrom(name).selectAll(), "select * from `acme`.`crm`"],
  ["deleteFrom", () => db.deleteFrom(name).where("email", "is", null), "delete from `acme`.`crm` where `email` is null"],
  ["dropTable", () => db.schema.dropTable(name), "drop table `acme`.`crm`"],
  ["createView", () => db.schema.createView(name).as(db.selectFrom("crm.p").selectAll()), "create view `acme.crm.profiles` as select * from `crm`.`p`"],
  ["a column", () => db.selectFrom("crm.profiles").select(`${name}.email`), "Error: invalid column reference acme.crm.profiles.email"],
];
for (const [what, build, seen] of cases) {
  let sql;
  try {
    sql = build().compile().sql;
  } catch (error) {
    sql = String(error);
  }
  console.log(`  ${what}: ${sql}`);
  if (sql !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
