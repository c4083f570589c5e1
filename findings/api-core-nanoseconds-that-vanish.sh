#!/usr/bin/env bash
# google-api-core 2.44.0: DatetimeWithNanoseconds loses its nanoseconds in every ordinary operation.
# Behaviour: copy, pickle, astimezone and adding a timedelta set .nanosecond to 0 without a word; replace() gives an object whose
# .nanosecond raises AttributeError. isoformat() never shows them.
# Expected: a subclass of datetime made to keep nanoseconds keeps them, or refuses.
# Why it matters: every timestamp that Google's gRPC clients hand out is of this class. A log entry's time that was moved to
# UTC or went through a process pool is no longer the one to page on, and replace(tzinfo=...) breaks later, elsewhere.
# Source: https://googleapis.dev/python/google-api-core/latest/helpers.html, google/api_core/datetime_helpers.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import copy, datetime, pickle, sys
import google.api_core
from google.api_core.datetime_helpers import DatetimeWithNanoseconds

stamp = DatetimeWithNanoseconds(2025, 1, 1, nanosecond=123456789, tzinfo=datetime.timezone.utc)
got = {
    "itself": stamp.nanosecond,
    "copy": copy.copy(stamp).nanosecond,
    "pickle": pickle.loads(pickle.dumps(stamp)).nanosecond,
    "astimezone": stamp.astimezone(datetime.timezone(datetime.timedelta(hours=1))).nanosecond,
    "plus nothing": (stamp + datetime.timedelta(0)).nanosecond,
}
try:
    stamp.replace(year=2025).nanosecond
except AttributeError as error:
    got["replace"] = type(error).__name__
print("google-api-core", google.api_core.__version__)
print(got, stamp.isoformat())
if got != {"itself": 123456789, "copy": 0, "pickle": 0, "astimezone": 0,
           "plus nothing": 0, "replace": "AttributeError"}:
    sys.exit("this has changed")
PY
