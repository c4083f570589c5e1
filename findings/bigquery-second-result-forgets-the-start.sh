#!/usr/bin/env bash
# google-cloud-bigquery 3.47.0: the start_index of a second job.result() is ignored.
# Behaviour: the first result() of a query job keeps the first page that the server sent. Each later result(start_index=N) gives
# that page again, from row 0, and asks the server for nothing.
# Expected: rows from N on, as the first result(start_index=N) of a job gives them.
# Why it matters: reading a result in parts, or again from where one stopped, gives the wrong rows and no error.
# Source: https://docs.cloud.google.com/python/docs/reference/bigquery/latest/google.cloud.bigquery.job.QueryJob
# ("start_index: The zero-based index of the starting row to read")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  google-cloud-bigquery==3.47.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

JOB = {"projectId": "p", "jobId": "j", "location": "US"}
asked = []


def answer(method, path, query_params=None, **_):
    """What BigQuery says of a finished query with the rows 0 to 9."""
    if method == "POST":
        table = {"projectId": "p", "datasetId": "_d", "tableId": "anon"}
        query = {"query": "SELECT n", "useLegacySql": False, "destinationTable": table}
        return {"jobReference": JOB, "configuration": {"query": query, "jobType": "QUERY"},
                "status": {"state": "DONE"}, "statistics": {"query": {"statementType": "SELECT"}}}
    start = int((query_params or {}).get("startIndex") or 0)
    asked.append(start)
    return {"jobReference": JOB, "jobComplete": True, "totalRows": "10",
            "schema": {"fields": [{"name": "n", "type": "INTEGER"}]},
            "rows": [{"f": [{"v": str(n)}]} for n in range(start, 10)]}


def job():
    client = bigquery.Client("p", AnonymousCredentials())
    client._connection.api_request = answer
    return client.query("SELECT n")


first = [row[0] for row in job().result(start_index=7)]
again = job()
list(again.result())
asked.clear()
second = [row[0] for row in again.result(start_index=7)]
print("google-cloud-bigquery", version("google-cloud-bigquery"))
print("result(start_index=7) first:", first, "- after another result():", second, "- asked for by then:", asked)
if first != [7, 8, 9] or second == first:
    sys.exit("this has changed")
PY
