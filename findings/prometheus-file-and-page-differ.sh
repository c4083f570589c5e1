#!/usr/bin/env bash
# prometheus-client 0.26.0: the same registry is written in two dialects, one for the page and one for the file.
# Behaviour: for Gauge("a.b") generate_latest writes a_b 1.0, and write_to_textfile writes {"a.b"} 1.0, the quoted form for UTF-8 names.
# Expected: the escaped form in both unless asked for otherwise: the file is read by programs that cannot negotiate.
# Why it matters: a name with a dot or dash, tried on the page, works; in the file a reader that does not know the quoted form
# refuses the file with everything in it.
# Source: https://prometheus.io/docs/instrumenting/content_negotiation/, https://prometheus.io/docs/instrumenting/escaping_schemes/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  prometheus-client==0.26.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, sys
from importlib.metadata import version
from prometheus_client import CollectorRegistry, Gauge, generate_latest, write_to_textfile

registry = CollectorRegistry()
Gauge("a.b", "h", registry=registry).set(1)
write_to_textfile("m.prom", registry)
page, file = generate_latest(registry).decode().splitlines()[-1], pathlib.Path("m.prom").read_text().splitlines()[-1]
print("prometheus-client", version("prometheus-client"))
print("page:", page, "- file:", file)
if (page, file) != ("a_b 1.0", '{"a.b"} 1.0'):
    sys.exit("this has changed")
PY
