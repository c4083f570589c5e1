#!/usr/bin/env bash
# nagiosplugin 1.4.0: small and large numbers are written with an exponent in the performance data.
# Behaviour: a metric of 0.00005 is written as a=5e-05, one of 1e16 as a=1e+16, True as a=True and infinity as a=inf. 0.0005 is written out.
# Expected: 0.00005 and 10000000000000000, or U: the plug-in guidelines have value, min and max "in class [-0-9.]".
# Why it matters: a rate of errors is fine at 0.0005 and written as 5e-05 on a good day. A reader that keeps to the guidelines takes 5, with e-05
# for its unit, or drops the value: the graph shows the best day as the worst.
# Source: https://www.monitoring-plugins.org/doc/guidelines.html (performance data), nagiosplugin/performance.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nagiosplugin==1.4.0 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python - <<'PY'
import pathlib
import re
import subprocess
import sys
from importlib.metadata import version

PLUGIN = '''
import sys
import nagiosplugin
class Rate(nagiosplugin.Resource):
    def probe(self):
        return [nagiosplugin.Metric("a", float(sys.argv[1]), context="c")]
nagiosplugin.Check(Rate(), nagiosplugin.ScalarContext("c", "0:", "0:")).main()
'''
pathlib.Path("plugin.py").write_text(PLUGIN)
print("nagiosplugin", version("nagiosplugin"))
seen = []
for value in ("0.0005", "0.00005", "1e16", "inf"):
    run = subprocess.run([sys.executable, "plugin.py", value], capture_output=True, text=True)
    written = re.search(r"\| a=([^;\s]*)", run.stdout).group(1)
    seen.append(written)
    print(f"  {value} is written as {written}", "" if re.fullmatch(r"[-0-9.]+", written) else "(not in class [-0-9.])")
if seen != ["0.0005", "5e-05", "1e+16", "inf"]:
    sys.exit("this has changed")
PY
