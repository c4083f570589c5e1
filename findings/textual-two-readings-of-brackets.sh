#!/usr/bin/env bash
# textual 8.2.8: the same text in brackets is shown by one widget and left out by another.
# Behaviour: "[EU] Shop" is shown in full by a DataTable and as " Shop" by a Label; "[eu] Shop" loses its bracket in both. Cells go through
# Rich's markup, where a tag begins with a small letter, other widgets through Textual's own.
# Expected: one kind of markup in one toolkit, or none for data.
# Why it matters: names of shops, lists and roles have brackets. A test on the table passes, and the details beside it show another
# name. Use Content or Text, or markup=False, for everything that comes from outside.
# Source: https://textual.textualize.io/guide/content/#markup, https://rich.readthedocs.io/en/latest/markup.html
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
from textual.app import App
from textual.widgets import DataTable, Label

async def look(text):
    class Viewer(App):
        def compose(self):
            yield Label(text)
            yield DataTable()
    app = Viewer()
    async with app.run_test(size=(40, 10)) as pilot:
        table = app.query_one(DataTable)
        table.add_columns("name")
        table.add_row(text)
        await pilot.pause()
        label = "".join(segment.text for segment in app.query_one(Label).render_line(0)).strip()
        return label, "".join(segment.text for segment in table.render_line(1)).strip()

print("textual", version("textual"), "rich", version("rich"))
got = {text: asyncio.run(look(text)) for text in ("[EU] Shop", "[eu] Shop", "[1] Shop")}
for text, (label, cell) in got.items():
    print(f"{text!r}: Label {label!r}, DataTable {cell!r}")
if got != {"[EU] Shop": ("Shop", "[EU] Shop"), "[eu] Shop": ("Shop", "Shop"), "[1] Shop": ("[1] Shop", "[1] Shop")}:
    sys.exit("this has changed")
PY
