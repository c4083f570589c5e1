#!/usr/bin/env bash
# ibis-framework 12.0.0 with sqlglot 30.30.0: on BigQuery drop_view sends the words "DROP VIEW" and no name.
# Behaviour: the statement is built as Drop(this=view); sqlglot 30.30 keeps the dropped in Drop(tables=[...]), and what is under
# `this` is not written. ibis asks for sqlglot >= 23.4, so pip installs the two together.
# Expected: DROP VIEW with the view's path, or a requirement that keeps the two apart.
# Why it matters: views cannot be taken away; the error is BigQuery's syntax error, which names neither ibis nor the view.
# Source: https://ibis-project.org/backends/bigquery#ibis.backends.bigquery.Backend.drop_view
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  ibis-framework[bigquery]==12.0.0 sqlglot==30.30.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import requires

import ibis, sqlglot
from ibis.backends.bigquery import Backend


class Recorder(Backend):
    """A backend that keeps what it would have sent."""

    billing_project = "my-project"

    def raw_sql(self, query, *args, **kwargs):
        self.sent = query


backend = Recorder()
backend.drop_view("my_view", database="my_dataset")
print("ibis", ibis.__version__, "sqlglot", sqlglot.__version__)
print("asks for", [r for r in requires("ibis-framework") if r.startswith("sqlglot")][:1])
print("sent:", repr(backend.sent))
if "my_view" in backend.sent:
    sys.exit("this has changed")
PY
