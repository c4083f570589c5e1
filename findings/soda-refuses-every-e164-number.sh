#!/usr/bin/env bash
# soda-core 3.5.6: "valid format: phone number" takes every number in E.164 for invalid, and "valid format: email" every address whose last part has
# more than four letters.
# Behaviour: of +493012345678, +12125550100 and 212-555-0100 the last one alone is valid. Of ann@example.com, ann@example.online,
# ann@example.berlin and ann@-.de the first and the last one are. invalid_count is 2 in both checks.
# Expected: the two numbers and the three addresses that exist in practice are valid, ann@-.de is not: a label of a domain does not begin with a
# hyphen (RFC 1035).
# Why it matters: E.164 is the form in which marketing tools and SMS gateways want numbers: the check is red when the column is right, and is
# turned off, or the numbers are changed to please it. Shops with .online, .store or .berlin look like bad data.
# Source: https://docs.soda.io/soda-documentation/soda-v3/sodacl-reference/validity-metrics (list of valid formats),
# https://www.itu.int/rec/T-REC-E.164, soda/execution/data_source.py (DEFAULT_FORMATS)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check soda-core-duckdb==3.5.6 setuptools==80.9.0 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

import duckdb
from soda.scan import Scan

connection = duckdb.connect()
connection.execute("CREATE TABLE profiles (phone VARCHAR, email VARCHAR)")
connection.execute("INSERT INTO profiles VALUES ('+493012345678', 'ann@example.com'), ('+12125550100', 'ann@example.online'), "
                   "('212-555-0100', 'ann@example.berlin'), (NULL, 'ann@-.de')")
scan = Scan()
scan.set_data_source_name("duckdb")
scan.add_duckdb_connection(connection)
scan.disable_telemetry()
scan.add_sodacl_yaml_str('''
checks for profiles:
  - invalid_count(phone) = 0:
      valid format: phone number
  - invalid_count(email) = 0:
      valid format: email
''')
scan.execute()
print("soda-core", version("soda-core"), "on duckdb", duckdb.__version__)
got = [check["diagnostics"]["value"] for check in scan.get_scan_results()["checks"]]
print("  invalid telephone numbers:", got[0], "of 3, invalid addresses:", got[1], "of 4")
if got != [2, 2]:
    sys.exit("this has changed")
PY
