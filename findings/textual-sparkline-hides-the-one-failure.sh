#!/usr/bin/env bash
# textual 8.2.8: a Sparkline shows the best of each column, so one failure among a hundred looks is not seen.
# Behaviour: 100 values, one of them 0 and the others 1, in 50 columns: all columns are full. With summary_function=min one is empty. The
# scale is always that of the data: values from 0.98 to 1 fill the height as 0 to 1 do.
# Expected: a summary in which an outlier of either kind is seen, or a mean; the documented default is max, the choice of scale is not
# said.
# Why it matters: a row of checks drawn this way is full although one failed, and a dip of two per cent looks like an outage.
# Source: https://textual.textualize.io/widgets/sparkline/ (summary_function)
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
from textual.widgets import Sparkline

async def draw(data, **options):
    class Viewer(App):
        def compose(self):
            yield Sparkline(data, **options)
    app = Viewer()
    async with app.run_test(size=(50, 3)) as pilot:
        await pilot.pause()
        return "".join(segment.text for segment in app.query_one(Sparkline).render_line(0))

looks = [1.0] * 51 + [0.0] + [1.0] * 48
got = {"max": asyncio.run(draw(looks)), "min": asyncio.run(draw(looks, summary_function=min))}
small = asyncio.run(draw([1.0] * 49 + [0.98], summary_function=min))
large = asyncio.run(draw([1.0] * 49 + [0.0], summary_function=min))
print("textual", version("textual"))
print(got["max"], got["min"], small, sep="\n")
if len(set(got["max"])) != 1 or len(set(got["min"])) != 2 or small != large:
    sys.exit("this has changed")
PY
