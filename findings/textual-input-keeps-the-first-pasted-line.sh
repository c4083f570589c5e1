#!/usr/bin/env bash
# textual 8.2.8: of several pasted lines an Input takes the first, and drops the rest without a sign.
# Behaviour: pasting "one\ntwo" gives "one"; pasting a text that begins with a line break gives nothing. Pasting more than max_length
# allows, or anything that restrict does not match, gives nothing at all either.
# Expected: the lines joined, as browsers do in a one-line field, or a message that something was left out.
# Why it matters: people paste error texts and keys of several lines. The field shows the beginning and looks right.
# Source: https://textual.textualize.io/widgets/input/, textual/widgets/_input.py (_on_paste)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  textual==8.2.8 rich==15.0.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import asyncio, sys
from importlib.metadata import version
from textual import events
from textual.app import App
from textual.widgets import Input

async def paste(text, **options):
    class Form(App):
        def compose(self):
            yield Input(**options)
    app = Form()
    async with app.run_test() as pilot:
        field = app.query_one(Input)
        field.focus()
        await pilot.pause()
        field.post_message(events.Paste(text))
        await pilot.pause()
        return field.value

got = [asyncio.run(paste("one\ntwo")), asyncio.run(paste("\ntwo")), asyncio.run(paste("abcdef", max_length=3))]
print("textual", version("textual"))
print("'one\\ntwo', '\\ntwo', 'abcdef' with max_length=3:", got)
if got != ["one", "", ""]:
    sys.exit("this has changed")
PY
