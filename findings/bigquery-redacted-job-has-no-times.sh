#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: the times of a job that is listed without its details cannot be read.
# Behaviour: without bigquery.jobs.listAll, list_jobs(all_users=True) gives the jobs of others as UnknownJob. Its
# created, started and ended raise TypeError: can't multiply sequence by non-int of type 'float'. The same properties
# of a QueryJob are datetimes: only the subclasses turn the texts of the JSON into numbers.
# Expected: a datetime, for Google's JSON has the same texts ("1764346145565") for both.
# Why it matters: times and state are all that such a job tells. Who lists the jobs of a project with the role
# BigQuery User, Viewer or Editor fails on the first job of somebody else's.
# Source: google/cloud/bigquery/client.py (job_from_resource), job/base.py (UnknownJob.from_api_repr, created), and
# https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/list (redacted information)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 google-api-core==2.44.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

client = bigquery.Client(project="p", credentials=AnonymousCredentials())
times = {"creationTime": "1764346145565", "startTime": "1764346145565", "endTime": "1764346148565"}
listed = {"kind": "bigquery#job", "state": "DONE", "status": {"state": "DONE"}}
configuration = {"query": {"query": "SELECT 1"}}
reference = {"projectId": "p", "jobId": "j", "location": "US"}

def read(resource):
    job = client.job_from_resource(resource)
    found = {}
    for name in ("created", "started", "ended"):
        try:
            found[name] = type(getattr(job, name)).__name__
        except TypeError as error:
            found[name] = "TypeError"
    return type(job).__name__, found

print("google-cloud-bigquery", bigquery.__version__)
redacted = read({**listed, "statistics": dict(times)})
whole = read({**listed, "statistics": dict(times), "configuration": configuration, "jobReference": reference})
for kind, found in (redacted, whole):
    print(f"{kind}: " + ", ".join(f"{name} {what}" for name, what in found.items()))
wanted = [
    ("UnknownJob", dict.fromkeys(("created", "started", "ended"), "TypeError")),
    ("QueryJob", dict.fromkeys(("created", "started", "ended"), "datetime")),
]
if [redacted, whole] != wanted:
    sys.exit("this has changed")
PY
