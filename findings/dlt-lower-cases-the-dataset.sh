#!/usr/bin/env bash
# dlt 1.31.0: the BigQuery destination knows that names are case-sensitive, and lower-cases the dataset all the same.
# Behaviour: dataset_name="KLAVIYO_IMPORT_FROM_DWH" is used as klaviyo_import_from_dwh, while the destination's capabilities say
# has_case_sensitive_identifiers=True. A log line tells of it; the pipeline object goes on showing the name that was given.
# Expected: a dataset that exists by that very name is used.
# Why it matters: in BigQuery the two names are two datasets. The data goes into a new one beside the one that has the grants and
# that the reader is connected to, and pipeline.dataset_name names the other.
# Source: https://dlthub.com/docs/general-usage/naming-convention,
# https://cloud.google.com/bigquery/docs/datasets#dataset-naming ("case-sensitive")
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  dlt==1.31.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import logging, sys
logging.disable(logging.CRITICAL)
import dlt
from dlt.destinations import bigquery
from dlt.destinations.impl.bigquery.configuration import BigQueryClientConfiguration

given = "KLAVIYO_IMPORT_FROM_DWH"
configuration = BigQueryClientConfiguration()._bind_dataset_name(dataset_name=given)
used = configuration.normalize_dataset_name(dlt.Schema("s"))
sensitive = bigquery(credentials=None).capabilities().has_case_sensitive_identifiers
shown = dlt.pipeline("p", destination="bigquery", dataset_name=given, pipelines_dir=".").dataset_name
print("dlt", dlt.__version__)
print("given", given, "- used", used, "- shown", shown, "- case-sensitive:", sensitive)
if (used, shown, sensitive) != (given.lower(), given, True):
    sys.exit("this has changed")
PY
