#!/usr/bin/env bash
# pandera 0.35.0 with pandas 3.1.1: a missing value in a column of booleans is coerced to False or to True, and the column passes as complete.
# Behaviour: Column(bool, nullable=False, coerce=True) makes False of None and True of NaN; no error. With int or str in place of bool the same
# rows are refused. So the answer depends on how the reader wrote "missing": None where the column held True, NaN where it held 1.0.
# Expected: a SchemaError, as nullable=False, the default, has it.
# Why it matters: this is the check before a table of profiles goes to BigQuery and from there to the marketing tool: whoever has not
# answered has consented, or has not, and the data has passed its validation.
# Source: https://pandera.readthedocs.io/en/stable/dataframe_schemas.html (null values; coercing types, with whole numbers as the one special case),
# https://pandera.readthedocs.io/en/stable/dtype_validation.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'pandera[pandas]==0.35.0' pandas==3.1.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import pandas as pd
import pandera.pandas as pa

print(f"pandera {version('pandera')}, pandas {version('pandas')}")
seen = []
for kind, values in ((bool, [True, None]), (bool, [1.0, float("nan")]), (int, [1.0, None]), (str, ["yes", None])):
    schema = pa.DataFrameSchema({"consent": pa.Column(kind, nullable=False, coerce=True)})
    try:
        result = schema.validate(pd.DataFrame({"consent": values}))["consent"].tolist()
    except (pa.errors.SchemaError, pa.errors.SchemaErrors) as error:
        result = type(error).__name__
    seen.append(result)
    print(f"  {values} as {kind.__name__}, not nullable: {result}")
if seen != [[True, False], [True, True], "SchemaErrors", "SchemaError"]:
    print(seen)
    sys.exit("this has changed")
PY
