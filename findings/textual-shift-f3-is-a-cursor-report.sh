#!/usr/bin/env bash
# textual 8.2.8: Shift+F3, Ctrl+F3 and Alt+F3, as xterm and most others send them, are no keys but reports of the cursor's position.
# Behaviour: ESC [ 1 ; 2 R, which is Shift+F3, gives CursorPosition(x=1, y=0), though nobody asked for the position. Shift+F2 and
# Shift+F4, which differ in the last letter alone, give the keys shift+f2 and shift+f4; Textual's own list of keys calls them f14 and f16.
# Expected: the key shift+f3, or at least a report only after it was asked for.
# Why it matters: a program that lets people choose keys takes shift+f3, and it never does anything.
# Source: xterm's control sequences, "PC-Style Function Keys" (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html),
# textual/_xterm_parser.py
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  textual==8.2.8 rich==15.0.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
export HOME="$dir"
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from textual._xterm_parser import XTermParser
from textual.keys import Keys

def seen(sent):
    return [getattr(event, "key", None) or type(event).__name__ for event in XTermParser().feed(sent)]

got = {name: seen(f"\x1b[1;{held}{last}") for name, held, last in (
    ("Shift+F2", 2, "Q"), ("Shift+F3", 2, "R"), ("Shift+F4", 2, "S"), ("Ctrl+F3", 5, "R"), ("Alt+F3", 3, "R"))}
listed = "shift+f2" in {key.value for key in Keys}
print("textual", version("textual"))
for name, events in got.items():
    print(f"{name}: {events}")
print("shift+f2 in textual.keys.Keys:", listed)
if list(got.values()) != [["shift+f2"], ["CursorPosition"], ["shift+f4"], ["CursorPosition"], ["CursorPosition"]] or listed:
    sys.exit("this has changed")
PY
