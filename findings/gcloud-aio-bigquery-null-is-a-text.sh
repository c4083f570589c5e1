#!/usr/bin/env bash
# gcloud-aio-bigquery 7.3.0: NULL in a column of texts is handed out as the text 'None'; in a column of numbers it raises.
# Behaviour: query_response_to_dict turns an answer of jobs.query into rows. A cell with null becomes 'None' for STRING, False for BOOLEAN, and
# a TypeError for INTEGER, FLOAT and STRUCT; within a struct it is None. DATETIME, TIME, JSON and GEOGRAPHY raise a KeyError with any value,
# BYTES a TypeError.
# Expected: None for NULL in every column, as google-cloud-bigquery gives it.
# Why it matters: profiles get the first name "None" and go to Klaviyo so, and who has not said yes or no to e-mails has said no. Where a number
# is missing, one row fails the whole answer.
# Source: https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query (rows), https://github.com/talkiq/gcloud-aio
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check gcloud-aio-bigquery==7.3.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
cat >"$dir/finding.py" <<'PY'
import logging
import sys
from importlib.metadata import version

from gcloud.aio.bigquery import query_response_to_dict

logging.disable(logging.CRITICAL)
CITY = [{"name": "city", "type": "STRING", "mode": "NULLABLE"}]


def read(kind, value, fields=None):
    column = {"name": "x", "type": kind, "mode": "NULLABLE", "fields": fields}
    try:
        return query_response_to_dict({"schema": {"fields": [column]}, "rows": [{"f": [{"v": value}]}]})[0]["x"]
    except Exception as error:
        return type(error).__name__


print(f"gcloud-aio-bigquery {version('gcloud-aio-bigquery')}")
cases = [
    ("STRING", None, None, "None"),
    ("BOOLEAN", None, None, False),
    ("INTEGER", None, None, "TypeError"),
    ("RECORD", None, CITY, "TypeError"),
    ("RECORD", {"f": [{"v": None}]}, CITY, {"city": None}),
    ("BYTES", "aGk=", None, "TypeError"),
    ("DATETIME", "2026-11-28T09:30:00", None, "KeyError"),
    ("TIME", "09:30:00", None, "KeyError"),
    ("JSON", '{"a":1}', None, "KeyError"),
    ("GEOGRAPHY", "POINT(10 48.4)", None, "KeyError"),
]
changed = False
for kind, value, fields, seen in cases:
    found = read(kind, value, fields)
    print(f"{kind} {value!r}: {found!r}")
    changed |= found != seen
if changed:
    sys.exit("this has changed")
PY
"$dir/venv/bin/python" "$dir/finding.py"
