#!/usr/bin/env bash
# Textual 8.2.8: after a resize a TextArea shows its text wrapped for the old width, if it has as many lines as before.
# Behaviour: a line of 94 characters is wrapped into two lines at 72 columns and at 92. When the terminal is widened from 72 to 92, the widget
# wraps it anew, but is not painted again: the lines of 72 columns stay until something else changes.
# Expected: the widget is painted after it has wrapped its text, whether the number of lines has changed or not.
# Why it matters: an error that somebody pasted is cut off at the right after the window gets narrower. What is seen depends on whether the
# resize reaches the widget before it is painted, so that tests of such a screen fail now and then.
# Source: textual/widgets/_text_area.py (_rewrap_and_refresh_virtual_size), https://textual.textualize.io/widgets/text_area/
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check textual==8.2.8 pyte==0.8.2 pexpect==4.9.0 2>"$dir/pip.log" ||
  { cat "$dir/pip.log" >&2; exit 2; }
cat >"$dir/app.py" <<'PY'
from textual.app import App
from textual.widgets import TextArea

TEXT = "ERROR: the key could not be created, for key creation is not allowed on this service account."


class Pasted(App):
    def compose(self):
        area = TextArea(TEXT, soft_wrap=True)
        area.cursor_blink = False
        yield area


Pasted().run()
PY
cat >"$dir/finding.py" <<'PY'
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pexpect
import pyte

LONG = 60
print(f"textual {version('textual')}")
screen = pyte.Screen(72, 10)
stream = pyte.ByteStream(screen)
app = pexpect.spawn(sys.executable, [str(Path(__file__).with_name("app.py"))], dimensions=(10, 72), timeout=LONG)


def second_line(width):
    """Wait until the frame is drawn for a width, and nothing more comes; return the text's second line."""
    end = time.monotonic() + LONG
    quiet = 0
    while time.monotonic() < end:
        try:
            # pyte reads private sequences with > as colours.
            stream.feed(re.sub(rb"\x1b\[[<=>][0-9;]*[A-Za-z]", b"", app.read_nonblocking(65536, timeout=1)))
            quiet = 0
        except pexpect.TIMEOUT:
            quiet += 1
        rows = [row.rstrip() for row in screen.display]
        if quiet >= 2 and len(rows[0]) >= width - 1:
            return rows[2].strip("▊▎ ")
    sys.exit(f"never drawn: {rows}")


seen = {72: second_line(72)}
screen.resize(10, 92)
app.setwinsize(10, 92)
seen[92] = second_line(92)
app.terminate(force=True)
for width, line in seen.items():
    print(f"at {width} columns the second line is: {line}")
if seen[72] != seen[92]:
    sys.exit("this has changed")
PY
"$dir/venv/bin/python" "$dir/finding.py"
