#!/usr/bin/env bash
# @google-cloud/bigquery-storage 5.1.2 for Node: a Date before 1970 that has a time of day is written to a DATE column as the day after.
# Behaviour: JSONWriter divides the milliseconds by a day's and leaves the fraction to protobufjs, which cuts it off towards zero.
# 1955-03-07T12:00Z is sent as day -5413, which is 1955-03-08; 1990-05-17T12:00Z is sent as 1990-05-17. Midnight is right on both sides. No error.
# Expected: 1955-03-07: the day on which the moment lies, rounded down on both sides of 1970.
# Why it matters: dates of birth are the dates before 1970 in a customer's data, and many programs hold a date as noon, or as midnight in the
# local zone, to keep it safe from time zones. Customers over 55 get their birthday mail a day late; the younger ones, with whom one tries it, do
# not.
# Source: https://github.com/googleapis/nodejs-bigquery-storage/pull/422 (the conversion),
# https://cloud.google.com/bigquery/docs/supported-data-types (DATE: days since 1970-01-01), build/src/managedwriter/encoder.js (encodeDateValue)
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
const schema = adapt.convertBigQuerySchemaToStorageTableSchema({ fields: [{ name: "born", type: "DATE", mode: "NULLABLE" }] });
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
console.log(`@google-cloud/bigquery-storage ${require("@google-cloud/bigquery-storage/package.json").version}`);
const cases = [
  ["1990-05-17T00:00:00Z", "1990-05-17"],
  ["1990-05-17T12:00:00Z", "1990-05-17"],
  ["1955-03-07T00:00:00Z", "1955-03-07"],
  ["1955-03-07T12:00:00Z", "1955-03-08"],
];
for (const [moment, seen] of cases) {
  writer.appendRows([{ born: new Date(moment) }]);
  const days = type.decode(sent[0]).born;
  const day = new Date(days * 86400000).toISOString().slice(0, 10);
  console.log(`  ${moment} is sent as day ${days}, ${day}`);
  if (day !== seen) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
