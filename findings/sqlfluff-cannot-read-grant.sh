#!/usr/bin/env bash
# sqlfluff 4.5.0: the bigquery dialect has CREATE ROW ACCESS POLICY ... GRANT TO, and not GRANT.
# Behaviour: GRANT `roles/bigquery.dataViewer` ON SCHEMA `p.d` TO "user:..." is an unparsable section (PRS). CREATE ROW ACCESS POLICY and
# ALTER SCHEMA ... SET OPTIONS are read.
# Expected: BigQuery's data control language is read like its data definition language.
# Why it matters: a folder of set-up scripts cannot be linted: one GRANT makes the run fail, and in that file nothing is fixed.
# Source: https://cloud.google.com/bigquery/docs/reference/standard-sql/data-control-language#grant_statement
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

statements = {
    "GRANT": 'GRANT `roles/bigquery.dataViewer` ON SCHEMA `p.d` TO "user:ann@example.org";\n',
    "ROW ACCESS POLICY": 'CREATE ROW ACCESS POLICY r ON d.t GRANT TO ("group:a@example.org") FILTER USING (TRUE);\n',
    "ALTER SCHEMA": "ALTER SCHEMA `p.d` SET OPTIONS(default_table_expiration_days=NULL);\n",
}
got = {}
for name, statement in statements.items():
    pathlib.Path("q.sql").write_text(statement)
    run = subprocess.run([str(pathlib.Path(sys.executable).parent / "sqlfluff"), "parse", "--dialect", "bigquery", "q.sql"],
                         capture_output=True, text=True)
    got[name] = "unparsable" in run.stdout
print("sqlfluff", version("sqlfluff"))
print("unparsable:", got)
if got != {"GRANT": True, "ROW ACCESS POLICY": False, "ALTER SCHEMA": False}:
    sys.exit("this has changed")
PY
