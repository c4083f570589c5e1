#!/usr/bin/env bash
# pyte 0.8.2: colours written with colons, and strings for the terminal, appear as text on the screen.
# Behaviour: ESC [ 38:2::1:2:3 m X shows "2::1:2:3mX"; a DCS string (ESC P + q 544e ESC \, a query for a capability) shows "+q544e".
# ESC [ ? 1049 h does not switch to another screen: what a full-screen program drew stays after it ends.
# Expected: what is not supported is read to its end and left out, as ECMA-48 defines how to.
# Why it matters: a test that compares the screen finds rubbish where a terminal shows none, or passes because the text of a program
# that has ended is still there.
# Source: https://ecma-international.org/publications-and-standards/standards/ecma-48/ (5.4.1, 8.3.27),
# https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  pyte==0.8.2 wcwidth==0.9.4 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import pyte

def shown(text):
    screen = pyte.Screen(20, 1)
    pyte.Stream(screen).feed(text)
    return screen.display[0].strip()

got = shown("\x1b[38:2::1:2:3mX"), shown("\x1bP+q544e\x1b\\X"), shown("a\x1b[?1049hb\x1b[?1049l")
print("pyte", version("pyte"))
print(got)
if got != ("2::1:2:3mX", "+q544eX", "ab"):
    sys.exit("this has changed")
PY
