#!/usr/bin/env bash
# textual 8.2.8: in tests Pilot.press accepts keys that do not exist, and words, and does nothing.
# Behaviour: await pilot.press("ctrl+entr") and await pilot.press("hello") return without an error; the field stays empty. press(*"hello") types
# the word.
# Expected: an error for a name that is no key, as Pilot.click raises for a selector that finds nothing.
# Why it matters: a test with a slip in the key's name, or one that means to type a word, sends nothing. If it asserts that something does
# not happen, it passes for ever.
# Source: https://textual.textualize.io/guide/testing/#pressing-keys, https://textual.textualize.io/api/pilot/#textual.pilot.Pilot.press
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  textual==8.2.8 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import asyncio, sys
from importlib.metadata import version
from textual.app import App
from textual.css.query import NoMatches
from textual.widgets import Input

class Form(App):
    def compose(self):
        yield Input()

async def look():
    app = Form()
    got = []
    async with app.run_test() as pilot:
        field = app.query_one(Input)
        field.focus()
        await pilot.pause()
        for keys in (["ctrl+entr"], ["hello"], list("hello")):
            await pilot.press(*keys)
            got.append(field.value)
        try:
            await pilot.click("#nothing")
        except NoMatches as error:
            got.append(type(error).__name__)
    return got

got = asyncio.run(look())
print("textual", version("textual"))
print("value after ctrl+entr, 'hello', *'hello'; click on nothing:", got)
if got != ["", "", "hello", "NoMatches"]:
    sys.exit("this has changed")
PY
