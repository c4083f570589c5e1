#!/usr/bin/env bash
# nanoarrow 0.9.0 (Python): a negative decimal is read as a large positive number.
# Behaviour: to_pylist() and iteration decode the 16 or 32 bytes of a decimal as an unsigned integer; -1.00 comes out as a number
# near 2**128 / 100, rounded to the precision of the type.
# Expected: Arrow's decimals are signed, in two's complement.
# Why it matters: a debit is read as an enormous credit, without an error; pyarrow reads the same bytes correctly.
# Source: https://arrow.apache.org/docs/format/Columnar.html, Schema.fbs of apache/arrow (Decimal: "two's complement")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check nanoarrow==0.9.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
cd "$dir"
venv/bin/python - <<'PY'
import sys
import nanoarrow

data = (-100).to_bytes(16, "little", signed=True)
array = nanoarrow.Array(nanoarrow.c_array_from_buffers(nanoarrow.decimal128(38, 2), 1, [None, data]))
(number,) = array.to_pylist()
print("nanoarrow", nanoarrow.__version__, "reads -1.00 as", number)
if number <= 0:
    sys.exit("this has changed")
PY
