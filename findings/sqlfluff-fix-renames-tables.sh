#!/usr/bin/env bash
# sqlfluff 4.5.0: "fix" for BigQuery changes the capitals of dataset and table names.
# Behaviour: select Email from p.KLAVIYO_TMP.People (no backticks) becomes ... from P.Klaviyo_tmp.People: rule CP02 makes unquoted
# identifiers consistent, and counts the parts of a table's name among them.
# Expected: in the bigquery dialect names of datasets and tables are left alone; they are case-sensitive there, columns are not.
# Why it matters: the formatted statement asks for another dataset: "not found", or worse, the twin in other letters.
# Source: https://docs.sqlfluff.com/en/stable/reference/rules.html (CP02),
# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#case_sensitivity
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  sqlfluff==4.5.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, subprocess, sys
from importlib.metadata import version

query = pathlib.Path("q.sql")
query.write_text("select Email from p.KLAVIYO_TMP.People\n")
subprocess.run([str(pathlib.Path(sys.executable).parent / "sqlfluff"), "fix", "--force", "--dialect", "bigquery", "q.sql"],
               capture_output=True)
fixed = " ".join(query.read_text().split())
print("sqlfluff", version("sqlfluff"))
print("select Email from p.KLAVIYO_TMP.People ->", fixed)
if fixed != "select Email from P.Klaviyo_tmp.People":
    sys.exit("this has changed")
PY
