#!/usr/bin/env bash
# pyte 0.8.2: a private sequence ending in "m" is read as colours and styles.
# Behaviour: ESC [ > 4 ; 1 m (xterm's modifyOtherKeys, which full-screen programs send at the start) turns on underline and bold for all
# that follows. ESC [ 58 ; 5 ; 1 m (colour of the underline) turns on blinking and bold.
# Expected: a sequence with ">" is another command than SGR and is ignored; 58 takes its arguments with it, as 38 and 48 do.
# Why it matters: tests that look at styles through pyte see bold underlined text that no terminal shows.
# Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (CSI > Pp ; Pv m; CSI Pm m, 58)
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

def style(text):
    screen = pyte.Screen(10, 1)
    pyte.Stream(screen).feed(text + "X")
    cell = screen.buffer[0][0]
    return cell.data, [name for name in ("bold", "underscore", "blink") if getattr(cell, name)]

got = style("\x1b[>4;1m"), style("\x1b[58;5;1m"), style("\x1b[38;5;1m")
print("pyte", version("pyte"))
print("CSI > 4;1 m:", got[0], "- CSI 58;5;1 m:", got[1], "- CSI 38;5;1 m:", got[2])
if got != (("X", ["bold", "underscore"]), ("X", ["bold", "blink"]), ("X", [])):
    sys.exit("this has changed")
PY
