#!/usr/bin/env bash
# klaviyo-api 25.0.0: the filter builder takes all spaces out of the values as well.
# Behaviour: FilterBuilder().equals("name", "Placed Order").build() is equals(name,"PlacedOrder").
# Expected: the value as given: equals(name,"Placed Order").
# Why it matters: most of Klaviyo's own metrics and most lists have a space in their name; the filter finds none of them, and an
# empty answer looks like "no such metric".
# Source: https://developers.klaviyo.com/en/docs/filtering_, klaviyo_api/filter_builder.py (re.sub(r'\s', '', ...))
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  klaviyo-api==25.0.0 pydantic==2.14.4 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from klaviyo_api.filter_builder import FilterBuilder

builder = FilterBuilder()
builder.equals("name", "Placed Order")
print("klaviyo-api", version("klaviyo-api"))
print(builder.build())
if builder.build() != 'equals(name,"PlacedOrder")':
    sys.exit("this has changed")
PY
