#!/usr/bin/env bash
# prometheus-client 0.26.0: two metrics, or two labels, that become the same name are written without an error.
# Behaviour: Gauge("a-b") and Gauge("a_b") in one registry are both taken, and generate_latest writes two families a_b, each with HELP and
# TYPE. Labels "a-b" and "a_b" of one metric are written as {a_b="1",a_b="2"}.
# Expected: an error, as for the same name twice ("Duplicated timeseries").
# Why it matters: the text format allows one TYPE line a name and one value a label. The reader refuses the whole page or file, all other
# metrics with it.
# Source: https://prometheus.io/docs/instrumenting/exposition_formats/ ("Only one TYPE line may exist for a given metric name"),
# https://prometheus.io/docs/instrumenting/escaping_schemes/
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
import sys
from importlib.metadata import version
from prometheus_client import CollectorRegistry, Gauge, generate_latest

registry = CollectorRegistry()
Gauge("a-b", "one", registry=registry).set(1)
Gauge("a_b", "two", registry=registry).set(2)
names = generate_latest(registry).decode()
registry = CollectorRegistry()
Gauge("g", "h", ["a-b", "a_b"], registry=registry).labels("1", "2").set(1)
labels = generate_latest(registry).decode()
print("prometheus-client", version("prometheus-client"))
print(names + labels)
if names.count("# TYPE a_b gauge") != 2 or 'g{a_b="1",a_b="2"} 1.0' not in labels:
    sys.exit("this has changed")
PY
