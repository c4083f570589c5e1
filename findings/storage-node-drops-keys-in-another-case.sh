#!/usr/bin/env bash
# @google-cloud/bigquery-storage 5.1.2 for Node: a key that no column has, or that differs from it in case, is dropped, and an empty row is written.
# Behaviour: for a column Email, JSONWriter.appendRows([{email: "ann@example.org"}]) and [{Emial: …}] send a row of no bytes: NULL in every
# column. Email in this spelling is sent. No error, no warning.
# Expected: an error that names the key, as tabledata.insertAll gives ("no such field") unless ignoreUnknownValues is set; and email is written to
# Email, because the names of columns ignore case everywhere else in BigQuery.
# Why it matters: a producer renames a key, or writes it in small letters: rows go on arriving, their number is right, and the column is empty. A
# freshness check on the table stays green.
# Source: https://cloud.google.com/bigquery/docs/schemas#column_names ("Duplicate column names are not allowed even if the case differs"),
# https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll (ignoreUnknownValues), build/src/managedwriter/encoder.js
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact @google-cloud/bigquery-storage@5.1.2 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { adapt, managedwriter } = require("@google-cloud/bigquery-storage");
const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields: [{ name: "Email", type: "STRING", mode: "NULLABLE" }] });
const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(schema, "root");
let sent;
const connection = {
  onSchemaUpdated: () => ({ off() {} }),
  reconnect() {},
  getStreamId: () => "projects/p/datasets/d/tables/t/streams/_default",
  write(request) { sent = request.protoRows.rows.serializedRows; },
};
const writer = new managedwriter.JSONWriter({ connection, protoDescriptor });
console.log(`@google-cloud/bigquery-storage ${require("@google-cloud/bigquery-storage/package.json").version}, a table with the column Email`);
for (const [key, seen] of [["Email", 17], ["email", 0], ["Emial", 0]]) {
  writer.appendRows([{ [key]: "ann@example.org" }]);
  console.log(`  {${key}: "ann@example.org"} is sent as a row of ${sent[0].length} bytes`);
  if (sent.length !== 1 || sent[0].length !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
