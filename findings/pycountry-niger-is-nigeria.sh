#!/usr/bin/env bash
# pycountry 26.2.16: the first answer of search_fuzzy to a country's name or code is another country.
# Behaviour: countries.search_fuzzy("Niger") begins with Nigeria, "Curaçao" with the Netherlands, and the ISO codes RE, MO, AI and BL with the
# United Kingdom, Monaco, Saint Kitts and Nevis, and Russia, although each is the exact name or code of a country that stands further down.
# lookup() finds all six.
# Expected: the exact match first. Its README says that it prefers matches on names of countries to those on subdivisions.
# Why it matters: search_fuzzy(text)[0] is how free text from a form becomes the country code of a profile, and it is tried with Germany. Ask
# lookup() first, and search_fuzzy() only if that finds nothing.
# Source: https://github.com/pycountry/pycountry/issues/115 (Niger), pycountry/__init__.py (matches within names of provinces add up)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycountry==26.2.16 2>pip.log || { cat pip.log >&2; exit 2; }
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

from pycountry import countries

print("pycountry", version("pycountry"))
seen = []
for text in ("Germany", "Niger", "Curaçao", "RE", "MO", "AI", "BL"):
    first = countries.search_fuzzy(text)[0].alpha_2
    exact = countries.lookup(text).alpha_2
    seen.append((exact, first))
    print(f"  {text}: lookup {exact}, search_fuzzy first {first}")
if seen != [("DE", "DE"), ("NE", "NG"), ("CW", "NL"), ("RE", "GB"), ("MO", "MC"), ("AI", "KN"), ("BL", "RU")]:
    sys.exit("this has changed")
PY
