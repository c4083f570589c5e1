#!/usr/bin/env bash
# singer-sdk 0.54.9 (Meltano's SDK for Singer taps) and protobuf 7.36.2: Google's timestamps, in order, are "unsorted data".
# Behaviour: the SDK compares replication keys as texts. 10:00:00Z is followed by 10:00:00.500Z in the JSON of Google's APIs, which leaves out
# a fraction of zero; "." sorts before "Z", so a sorted stream stops with InvalidStreamSortException. An unsorted stream keeps the earlier
# of the two as its bookmark. So it is with offsets, when summer time ends.
# Expected: a comparison of instants: both are valid RFC 3339, and the schema says "format": "date-time".
# Why it matters: a tap of Cloud Logging or of any other API with such JSON stops at the rare record whose time is a whole second.
# Source: https://sdk.meltano.com/en/latest/classes/singer_sdk.Stream.html#singer_sdk.Stream.is_sorted,
# https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp (fractional digits), singer_sdk/helpers/_state.py (increment_state)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check singer-sdk==0.54.9 protobuf==7.36.2 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
cat >tap.py <<'PY'
import sys

from google.protobuf.timestamp_pb2 import Timestamp
from singer_sdk import Stream, Tap

TIMES = {
    "protobuf": [Timestamp(seconds=1735725600, nanos=n).ToJsonString() for n in (250_000_000, 500_000_000)],
    "whole second": [Timestamp(seconds=1735725600, nanos=n).ToJsonString() for n in (0, 500_000_000)],
    "summer time": ["2025-10-26T02:30:00+02:00", "2025-10-26T02:15:00+01:00"],
}


class Entries(Stream):
    name = "entries"
    replication_key = "at"
    is_sorted = sys.argv[2] == "sorted"
    schema = {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}

    def get_records(self, context):
        for at in TIMES[sys.argv[1]]:
            yield {"at": at}


class Log(Tap):
    name = "tap-log"
    config_jsonschema = {"type": "object", "properties": {}}

    def discover_streams(self):
        return [Entries(self)]


print(*TIMES[sys.argv[1]], sep=" then ", file=sys.stderr)
Log.cli(args=[])
PY
printf 'singer-sdk '; venv/bin/python -c 'from importlib.metadata import version; print(version("singer-sdk"), "protobuf", version("protobuf"))'
failed=0
look() {  # TIMES ORDER EXPECTED: an error of the run, or the bookmark that it ends with
  venv/bin/python -W ignore tap.py "$1" "$2" >out 2>err || true
  seen=$(grep -o 'InvalidStreamSortException' err | head -1 || true)
  [ -n "$seen" ] || seen=$(grep '"STATE"' out | tail -1 | grep -o '"replication_key_value":"[^"]*"' | cut -d'"' -f4)
  echo "  $(head -1 err), $2 stream: $seen"
  if [ "$seen" != "$3" ]; then failed=1; fi
}
look protobuf sorted 2025-01-01T10:00:00.500Z
look "whole second" sorted InvalidStreamSortException
look "whole second" unsorted 2025-01-01T10:00:00Z
look "summer time" sorted InvalidStreamSortException
[ "$failed" = 0 ] || { echo "this has changed" >&2; exit 1; }
