#!/usr/bin/env bash
# pyorc 0.12.0 and pyarrow 26.0.1: a number that is too large for its ORC column is written; pyorc reads it back, Arrow reads another number.
# Behaviour: 3000000000 in a column of type int is written without an error. pyorc reads 3000000000 from the file, Arrow -1294967296. 40000 as
# smallint is -25536 to Arrow, and 200 as tinyint is -56 to both. For a bigint, a number too large is a TypeError.
# Expected: the same error for int, smallint and tinyint: the types have 32, 16 and 8 bits.
# Why it matters: a test that writes and reads with the same library passes; the warehouse that loads the file gets negative customer numbers.
# bigint in every schema avoids it, and costs nothing, because ORC writes integers in as few bytes as they need.
# Source: https://orc.apache.org/docs/types.html (int: 32 bit), https://pyorc.readthedocs.io/en/latest/api.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyorc==0.12.0 pyarrow==26.0.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import io
import sys
from importlib.metadata import version

import pyarrow.orc
import pyorc

print("pyorc", version("pyorc"), "pyarrow", version("pyarrow"))
seen = []
for kind, value in (("int", 2147483647), ("int", 3000000000), ("smallint", 40000), ("tinyint", 200), ("bigint", 2**63)):
    file = io.BytesIO()
    try:
        with pyorc.Writer(file, f"struct<id:{kind}>") as writer:
            writer.write((value,))
    except TypeError as error:
        result = (type(error).__name__,)
    else:
        result = (next(pyorc.Reader(io.BytesIO(file.getvalue())))[0],)
        result += (pyarrow.orc.ORCFile(io.BytesIO(file.getvalue())).read().column("id")[0].as_py(),)
    seen.append(result)
    print(f"  {value} as {kind}: pyorc and pyarrow read", *result)
if seen != [(2147483647, 2147483647), (3000000000, -1294967296), (40000, -25536), (-56, -56), ("TypeError",)]:
    sys.exit("this has changed")
PY
