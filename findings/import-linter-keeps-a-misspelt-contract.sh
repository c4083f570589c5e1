#!/usr/bin/env bash
# import-linter 2.17 (grimp 3.20): a forbidden package that does not exist is a contract that is kept.
# Behaviour: forbidden_modules = request (for requests) gives "1 kept", though the source imports requests. A misspelt module of the root
# package is an error ("does not exist"), and so is google.cloud.bigquery ("subpackages of external packages are not valid").
# Expected: an error or a warning for a name that is neither imported nor installed.
# Why it matters: a contract against a library is green from the day its name was mistyped or the library was renamed.
# Source: https://import-linter.readthedocs.io/en/stable/contract_types/forbidden/
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
def forbid(module):
    return head + f"[importlinter:contract:1]\nname = c\ntype = forbidden\nsource_modules = pkg.low\nforbidden_modules = {module}\n"

files = {"pkg/__init__.py": "", "pkg/low.py": "import requests\n"}
got = {name: check(files, forbid(name))[0] for name in ("requests", "request", "pkg.hihg", "google.cloud.bigquery")}
print("exit status by forbidden module:", got)
if got != {"requests": 1, "request": 0, "pkg.hihg": 1, "google.cloud.bigquery": 1}:
    sys.exit("this has changed")
PY
