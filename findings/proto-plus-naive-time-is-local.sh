#!/usr/bin/env bash
# proto-plus 1.29.0 and protobuf 7.36.2 (shown with google-cloud-monitoring 2.32.0): the same naive datetime is two instants.
# Behaviour: five hours west of Greenwich (TZ=EST5EDT), TimeInterval(end_time=datetime(2025, 1, 1)) is 05:00 UTC (read as local time), and
# Timestamp.FromDatetime(datetime(2025, 1, 1)) is 00:00 UTC.
# Expected: one rule for two layers of one stack, both of which Google's clients use.
# Why it matters: on a server in UTC everything agrees and all tests pass. On an operator's laptop a window "the last hour"
# is off by the local offset, and "no data in this window" is believed.
# Source: https://proto-plus-python.readthedocs.io/en/latest/marshal.html, proto/marshal/rules/dates.py;
# https://googleapis.dev/python/protobuf/latest/google/protobuf/timestamp_pb2.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-monitoring==2.32.0 proto-plus==1.29.0 protobuf==7.36.2 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import datetime, os, sys, time
from importlib.metadata import version
os.environ["TZ"] = "EST5EDT"  # New York's rules, written so that no table of zones is needed
time.tzset()
from google.cloud import monitoring_v3
from google.protobuf.timestamp_pb2 import Timestamp

naive = datetime.datetime(2025, 1, 1)
interval = monitoring_v3.TimeInterval(end_time=naive)
stamp = Timestamp()
stamp.FromDatetime(naive)
plus = type(interval).pb(interval).end_time
print("proto-plus", version("proto-plus"), "protobuf", version("protobuf"))
print("proto-plus:", plus.ToJsonString(), "- protobuf:", stamp.ToJsonString())
if (plus.ToJsonString(), stamp.ToJsonString()) != ("2025-01-01T05:00:00Z", "2025-01-01T00:00:00Z"):
    sys.exit("this has changed")
PY
