#!/usr/bin/env bash
# country_converter 1.3.2 with pandas 3.1.1: CountryConverter() is a TypeError, because pandas takes texts that a converter has returned for
# missing.
# Behaviour: read_csv(converters={"code": str}) hands an empty field, NA or null to str, and pandas 3 makes NaN of the text that comes back;
# pandas 2.3.3 keeps the text. country_converter reads its own table so, with NA for Namibia, and compiles the result as regular expressions.
# Expected: what a converter returns is kept, as in pandas 2; and a package that pip installs beside pandas 3 works with it.
# Why it matters: converters=str is what one writes to keep "NA" (Namibia, North America) and identifiers such as "null" as texts. Without an
# error of its own such code loses Namibia from now on; keep_default_na=False keeps it in both.
# Source: https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html (converters, keep_default_na), country_converter/country_converter.py
# (data_loader)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check country_converter==1.3.2 pandas==3.1.1 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import io
import sys
from importlib.metadata import version

import country_converter
import pandas

print("country_converter", version("country_converter"), "pandas", version("pandas"))
text = "code,n\nDE,1\nNA,2\n,3\n"
plain = pandas.read_csv(io.StringIO(text), converters={"code": str})["code"].isna().tolist()
kept = pandas.read_csv(io.StringIO(text), converters={"code": str}, keep_default_na=False)["code"].tolist()
try:
    started = country_converter.CountryConverter().convert("Namibia", to="ISO2")
except TypeError as error:
    started = f"TypeError: {error}"
print("  missing, of DE, NA and an empty field:", plain, "- with keep_default_na=False:", kept)
print("  CountryConverter():", started)
if plain != [False, True, True] or kept != ["DE", "NA", ""] or not started.startswith("TypeError"):
    sys.exit("this has changed")
PY
