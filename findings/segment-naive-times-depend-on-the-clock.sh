#!/usr/bin/env bash
# segment-analytics-python 2.4.0: a timestamp without a zone is local time if it is less than five seconds old or in the future, and UTC if it is
# older.
# Behaviour: with TZ=America/New_York, track(timestamp=datetime.now()) sends offset -05:00 (or -04:00), and so does an hour from now; ten seconds
# ago sends +00:00, so that the event happens hours before its neighbour. No warning.
# Expected: one rule, or an error: UTC for all of them, or local time for all of them.
# Why it matters: live events come out right, and the retry after ten seconds, the queue and the backfill with the same code are hours off, on
# every machine whose zone is not UTC. In a developer's container, which is in UTC, nothing is to be seen. Pass datetime.now(timezone.utc).
# Source: segment/analytics/utils.py (guess_timezone), https://segment.com/docs/connections/sources/catalog/libraries/server/python/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check segment-analytics-python==2.4.0 2>pip.log || { cat pip.log >&2; exit 2; }
export TZ=America/New_York
venv/bin/python -W ignore - <<'PY'
import sys
from datetime import datetime, timedelta
from importlib.metadata import version

from segment.analytics.client import Client

client = Client("made-up", send=False)
now = datetime.now()
print("segment-analytics-python", version("segment-analytics-python"), "in America/New_York")
seen = []
for seconds, words in ((0, "now"), (3600, "in an hour"), (-10, "ten seconds ago"), (-3600, "an hour ago")):
    _, message = client.track("ann", "Opened", timestamp=now + timedelta(seconds=seconds))
    seen.append(message["timestamp"][-6:])
    print(f"  {words}: sent with {seen[-1]}")
local = seen[0]
if local not in ("-05:00", "-04:00") or seen != [local, local, "+00:00", "+00:00"]:
    sys.exit("this has changed")
PY
