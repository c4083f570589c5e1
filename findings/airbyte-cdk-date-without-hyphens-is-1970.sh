#!/usr/bin/env bash
# airbyte-cdk 7.39.1: the date 20250101 is an evening in August 1970, EST is UTC, and 2025-01 depends on the day on which one asks.
# Behaviour: ab_datetime_parse takes digits for seconds since 1970, so that "20250101" is 1970-08-23T09:01:41Z, while "20250101T100000Z" is read as
# ISO 8601. An abbreviated zone is dropped: "10:00:00 EST" and "10:00:00 PST" are both 10:00 UTC. "2025-01" gets today's day of the month.
# Expected: 2025-01-01, in ISO 8601's basic form; 15:00 UTC, or an error as for "America/New_York" (UTC is for a text without a zone, as the
# docstring has it); the first of January, or an error as for "2025-W01".
# Why it matters: the parser reads cursors and states of connectors. With a cursor in 1970 a sync reads everything again; with one that
# is hours late, or moves with the calendar, it leaves changes out.
# Source: https://airbytehq.github.io/airbyte-python-cdk/airbyte_cdk/utils/datetime_helpers.html#ab_datetime_parse ("ISO8601/RFC3339 format strings")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check airbyte-cdk==7.39.1 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import datetime
import sys
from importlib.metadata import version

from airbyte_cdk.utils.datetime_helpers import ab_datetime_parse

print("airbyte-cdk", version("airbyte-cdk"), "on", datetime.date.today())
seen = {}
for text in (
    "20250101T100000Z", "20250101", "2025-01-01 10:00:00 EST", "2025-01-01 10:00:00 PST",
    "2025-01-01 10:00:00 America/New_York", "2025-01", "2025-W01",
):
    try:
        seen[text] = str(ab_datetime_parse(text))
    except ValueError:
        seen[text] = "ValueError"
    print(f"  {text}: {seen[text]}")
day = datetime.date.today().day
if seen.pop("2025-01") not in {f"2025-01-{d:02}T00:00:00+00:00" for d in (day - 1 or 31, day)} or seen != {
    "20250101T100000Z": "2025-01-01T10:00:00+00:00",
    "20250101": "1970-08-23T09:01:41+00:00",
    "2025-01-01 10:00:00 EST": "2025-01-01T10:00:00+00:00",
    "2025-01-01 10:00:00 PST": "2025-01-01T10:00:00+00:00",
    "2025-01-01 10:00:00 America/New_York": "ValueError",
    "2025-W01": "ValueError",
}:
    sys.exit("this has changed")
PY
