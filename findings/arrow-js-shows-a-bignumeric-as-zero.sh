#!/usr/bin/env bash
# apache-arrow 21.2.0 for Node: a decimal of 256 bits is shown as 0, -0 or 6, as a text and in JSON.
# Behaviour: 1.5 with precision 76 and scale 38, the type in which BigQuery hands out BIGNUMERIC, gives "0" for String(value) and
# JSON.stringify(value), and -1.5 "-0". 2 to the power of 40, as an unscaled number, gives "6". The words of the number are all there. With 128
# bits the digits are right.
# Expected: 150000000000000000000000000000000000000, the unscaled number, as with 128 bits (the scale is in the column's type).
# Why it matters: amounts in BIGNUMERIC are zero in whatever shows them, and small test values such as 5 are right. BigInt of the words, least
# significant first, is the number.
# Source: https://github.com/apache/arrow-js, util/bn.js (how a decimal becomes a text),
# https://cloud.google.com/bigquery/docs/reference/storage#arrow_schema_details (BIGNUMERIC: Decimal256)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --save-exact apache-arrow@21.2.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
cat >finding.js <<'JS'
const { Decimal, Table, makeData, makeVector, tableFromIPC, tableToIPC } = require("apache-arrow");

function words(number, bits) {
  const parts = new Uint32Array(bits / 32);
  let rest = BigInt.asUintN(bits, number);
  for (let i = 0; i < parts.length; i++, rest >>= 32n) parts[i] = Number(rest & 0xffffffffn);
  return parts;
}

const { version } = JSON.parse(require("fs").readFileSync("node_modules/apache-arrow/package.json"));
console.log(`apache-arrow ${version}`);
const cases = [
  [15n * 10n ** 8n, 38, 9, 128, "1500000000"],
  [5n, 76, 38, 256, "5"],
  [15n * 10n ** 37n, 76, 38, 256, "0"],
  [-15n * 10n ** 37n, 76, 38, 256, "-0"],
  [2n ** 40n, 76, 38, 256, "6"],
];
for (const [number, precision, scale, bits, seen] of cases) {
  const data = makeData({ type: new Decimal(scale, precision, bits), length: 1, nullCount: 0, data: words(number, bits) });
  const value = tableFromIPC(tableToIPC(new Table({ price: makeVector(data) }), "stream")).getChild("price").get(0);
  const kept = words(number, bits).every((word, i) => word === value[i]);
  console.log(`  ${number} in ${bits} bits: String ${String(value)}, JSON ${JSON.stringify(value)}, words kept: ${kept}`);
  if (String(value) !== seen || !kept) {
    console.error("this has changed");
    process.exitCode = 1;
  }
}
JS
node finding.js
