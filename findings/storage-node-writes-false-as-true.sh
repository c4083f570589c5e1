#!/usr/bin/env bash
# @google-cloud/bigquery-storage 5.1.2 for Node: a text in a JSON row is written as another value: "false" as true, "2025-01-05" as 1970-01-01.
# Behaviour: JSONWriter.appendRows() takes {consent: "false"} and sends true; {born: "1990-05-17"} sends day 0, {points: "n/a"} and the bigint 12n
# send 0, "12.7" sends 12, and "ab" in a repeated column sends "a" and "b". No error. A text for a TIMESTAMP is an error ("interior hyphen").
# Expected: an error for each of them, as for the TIMESTAMP; or the date that is meant, which tabledata.insertAll makes of the same JSON.
# Why it matters: rows of a CSV file or of a form hold texts. Who changes from insertAll to the faster Storage Write API keeps the rows and gets a
# table in which everybody has consented and is born in 1970; nothing is left to find it by. Convert each value by the column's type first.
# Source: https://github.com/googleapis/nodejs-bigquery-storage/issues/344 (the date; closed),
# https://cloud.google.com/bigquery/docs/supported-data-types, build/src/managedwriter/encoder.js
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact @google-cloud/bigquery-storage@5.1.2 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { adapt, managedwriter, protos } = require("@google-cloud/bigquery-storage");
const protobuf = require("protobufjs");
require("protobufjs/ext/descriptor");
const fields = [
  { name: "consent", type: "BOOLEAN", mode: "NULLABLE" },
  { name: "born", type: "DATE", mode: "NULLABLE" },
  { name: "points", type: "INTEGER", mode: "NULLABLE" },
  { name: "tags", type: "STRING", mode: "REPEATED" },
  { name: "at", type: "TIMESTAMP", mode: "NULLABLE" },
];
const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields });
const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(schema, "root");
let sent;
const connection = {
  onSchemaUpdated: () => ({ off() {} }),
  reconnect() {},
  getStreamId: () => "projects/p/datasets/d/tables/t/streams/_default",
  write(request) { sent = request.protoRows.rows.serializedRows; },
};
const writer = new managedwriter.JSONWriter({ connection, protoDescriptor });
const type = protobuf.Type.fromDescriptor(protos.google.protobuf.DescriptorProto.fromObject(protoDescriptor));
function written(row) {
  try {
    writer.appendRows([row]);
  } catch (error) {
    return error.message;
  }
  return JSON.stringify(type.toObject(type.decode(sent[0]), { longs: String }));
}
console.log(`@google-cloud/bigquery-storage ${require("@google-cloud/bigquery-storage/package.json").version}`);
const cases = [
  [{ consent: false }, '{"consent":false}'],
  [{ consent: "false" }, '{"consent":true}'],
  [{ born: "1990-05-17" }, '{"born":0}'],
  [{ points: "n/a" }, '{"points":"0"}'],
  [{ points: "12.7" }, '{"points":"12"}'],
  [{ points: 12n }, '{"points":"0"}'],
  [{ tags: "ab" }, '{"tags":["a","b"]}'],
  [{ at: "2025-01-05T10:00:00Z" }, "interior hyphen"],
];
for (const [row, seen] of cases) {
  const got = written(row);
  const shown = JSON.stringify(row, (key, value) => (typeof value === "bigint" ? `${value}n` : value));
  console.log(`  ${shown} is sent as ${got}`);
  if (got !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
