#!/usr/bin/env bash
# import-linter 2.17 (grimp 3.20): modules in a folder without __init__.py are not looked at, and the contract is kept.
# Behaviour: pkg/rooms/low.py imports a package that is forbidden to pkg; without pkg/rooms/__init__.py "1 kept, 0 broken", with
# it "0 kept, 1 broken". Python imports both alike (PEP 420).
# Expected: a warning that there are Python files below the root package that are not part of the graph.
# Why it matters: one forgotten file switches the architecture check off for a whole folder, and the run is green.
# Source: https://import-linter.readthedocs.io/en/stable/, https://peps.python.org/pep-0420/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  import-linter==2.17 grimp==3.20 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, subprocess, sys
from importlib.metadata import version

def check(files, contract):
    for name, text in files.items():
        path = pathlib.Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    pathlib.Path(".importlinter").write_text(contract)
    run = subprocess.run([str(pathlib.Path(sys.executable).parent / "lint-imports")], capture_output=True, text=True)
    said = [line.strip() for line in run.stdout.splitlines() if line.strip()]
    return run.returncode, [line for line in said if line.startswith(("Analyzed", "Contracts", "Module", "Invalid"))]

print("import-linter", version("import-linter"))
head = "[importlinter]\nroot_package = pkg\ninclude_external_packages = True\n"
contract = head + """[importlinter:contract:1]
name = low knows nothing
type = forbidden
source_modules = pkg
forbidden_modules = requests
"""
files = {"pkg/__init__.py": "", "pkg/rooms/low.py": "import requests\n"}
without = check(files, contract)
with_init = check({"pkg/rooms/__init__.py": ""}, contract)
print("without __init__.py:", without)
print("with __init__.py:   ", with_init)
if (without[0], with_init[0]) != (0, 1):
    sys.exit("this has changed")
PY
