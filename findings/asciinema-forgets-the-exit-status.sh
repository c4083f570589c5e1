#!/usr/bin/env bash
# asciinema 2.4.0 (the one on PyPI): rec -c COMMAND exits with 0 whatever the command did.
# Behaviour: asciinema rec -c "sh -c 'exit 7'" ends with status 0, and the recording does not hold the 7 either.
# Expected: the command's status is handed on, as script -e and time do.
# Why it matters: a build that records the program's demo goes on with the recording of a traceback.
# Source: https://docs.asciinema.org/manual/cli/usage/ (rec), https://docs.asciinema.org/manual/asciicast/v2/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  asciinema==2.4.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import pathlib, subprocess, sys
from importlib.metadata import version

program = str(pathlib.Path(sys.executable).parent / "asciinema")
run = subprocess.run([program, "rec", "-q", "--cols", "80", "--rows", "24", "-c", "sh -c 'echo hi; exit 7'", "x.cast"],
                     stdin=subprocess.DEVNULL, capture_output=True, text=True)
recording = pathlib.Path("x.cast").read_text()
print("asciinema", version("asciinema"))
print("exit status", run.returncode, "- recording:", recording.splitlines()[-1])
if run.returncode != 0 or "hi" not in recording:
    sys.exit("this has changed")
PY
