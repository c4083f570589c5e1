#!/usr/bin/env bash
# nagiosplugin 1.4.0: a metric of NaN is OK, whatever the thresholds.
# Behaviour: with warning 5 and critical 9 the value nan gives "OK - a is nan | a=nan;5;9" and exit status 0.
# Expected: UNKNOWN, as for no value at all (exit 3): the plug-in guidelines write an undetermined value as "U".
# Why it matters: a mean over no rows, or 0/0, is how a check finds that there is no data. It stays green just then.
# Source: https://www.monitoring-plugins.org/doc/guidelines.html (performance data, "U"), nagiosplugin/range.py (match)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  nagiosplugin==1.4.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, subprocess, sys
from importlib.metadata import version

PLUGIN = """
import sys
import nagiosplugin
class Rows(nagiosplugin.Resource):
    def probe(self):
        return [nagiosplugin.Metric("a", float(sys.argv[1]), context="c")]
nagiosplugin.Check(Rows(), nagiosplugin.ScalarContext("c", "5", "9")).main()
"""
pathlib.Path("plugin.py").write_text(PLUGIN)
got = {}
for value in ("7", "nan"):
    run = subprocess.run([sys.executable, "plugin.py", value], capture_output=True, text=True)
    got[value] = run.returncode
    print(value, "->", run.returncode, run.stdout.strip())
print("nagiosplugin", version("nagiosplugin"))
if got != {"7": 1, "nan": 0}:
    sys.exit("this has changed")
PY
