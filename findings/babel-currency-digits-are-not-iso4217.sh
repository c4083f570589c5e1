#!/usr/bin/env bash
# Babel 2.19.0 beside iso4217 1.16.20260101: for more than a dozen currencies they disagree on the number of decimal places.
# Behaviour: ISO 4217 gives the Iraqi dinar 3 places, the Colombian peso, the forint and the rupiah 2; get_currency_precision gives 0 for
# each, and format_currency rounds to that: 1234.56 COP is shown as 1,235.
# Expected: the precision of the currency. (Babel follows CLDR, which records habits of display.)
# Why it matters: an amount in minor units converted with the wrong one is off by 100 or 1,000; an order's value shown beside the data
# does not match it. For amounts take the ISO table, for display CLDR's.
# Source: https://babel.pocoo.org/en/latest/api/numbers.html#babel.numbers.get_currency_precision,
# https://www.six-group.com/en/products-services/financial-information/data-standards.html
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  babel==2.19.0 iso4217==1.16.20260101 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import babel
from babel.numbers import format_currency, get_currency_precision
from iso4217 import Currency

codes = ("IQD", "COP", "HUF", "IDR", "JPY", "EUR")
got = {code: (Currency(code).exponent, get_currency_precision(code)) for code in codes}
shown = format_currency(1234.56, "COP", locale="en_US")
print("Babel", babel.__version__, "iso4217", version("iso4217"))
print("ISO 4217, Babel:", got, "- 1234.56 COP is shown as", shown)
if got != {"IQD": (3, 0), "COP": (2, 0), "HUF": (2, 0), "IDR": (2, 0), "JPY": (0, 0), "EUR": (2, 2)} or not shown.endswith("1,235"):
    sys.exit("this has changed")
PY
