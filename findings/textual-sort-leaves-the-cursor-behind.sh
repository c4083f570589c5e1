#!/usr/bin/env bash
# textual 8.2.8: after DataTable.sort the cursor is on another row, and no event tells.
# Behaviour: with the cursor on "a", sort() moves "a" down; the cursor stays on row number 0, which is "b" now. No RowHighlighted is sent.
# Expected: the cursor goes with the row it was on (it has a key), or an event says that another row is highlighted.
# Why it matters: the details beside the table still show "a"; Enter or Delete acts on "b".
# Source: https://textual.textualize.io/widgets/data_table/#sorting, https://textual.textualize.io/widgets/data_table/#textual.widgets.DataTable.RowHighlighted
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
from textual.widgets import DataTable

told = []

class Viewer(App):
    def compose(self):
        yield DataTable(cursor_type="row")
    def on_data_table_row_highlighted(self, event):
        told.append(event.row_key.value)

async def look():
    app = Viewer()
    async with app.run_test() as pilot:
        table = app.query_one(DataTable)
        name, number = table.add_columns("name", "number")
        table.add_row("a", 3, key="a")
        table.add_row("b", 1, key="b")
        await pilot.pause()
        before = table.get_row_at(table.cursor_row)[0]
        told.clear()
        table.sort(number)
        await pilot.pause()
        return before, table.get_row_at(table.cursor_row)[0], list(told)

got = asyncio.run(look())
print("textual", version("textual"))
print("cursor before and after sort, events:", got)
if got != ("a", "b", []):
    sys.exit("this has changed")
PY
