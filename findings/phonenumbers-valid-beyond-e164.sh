#!/usr/bin/env bash
# phonenumbers 9.0.43: a number with 17 digits is valid, and is written in the format called E164.
# Behaviour: +49 30 and thirteen more digits: is_possible_number and is_valid_number are True, and format_number(..., E164) writes
# all 17 digits.
# Expected: E.164 allows 15 digits; "valid" and "E164" mean at most that.
# Why it matters: systems that want E.164 (Klaviyo among them) refuse such a number, after a check by the usual library has passed it.
# Test the length as well.
# Source: https://www.itu.int/rec/T-REC-E.164 (6.2: "maximum number of digits ... is 15"),
# https://developers.klaviyo.com/en/docs/acceptable_phone_number_formats_for_api_calls
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  phonenumbers==9.0.43 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
import phonenumbers

number = phonenumbers.parse("+4930" + "1" * 13)
written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
got = len(written) - 1, phonenumbers.is_possible_number(number), phonenumbers.is_valid_number(number)
print("phonenumbers", version("phonenumbers"))
print(written, "digits, possible, valid:", got)
if got != (17, True, True):
    sys.exit("this has changed")
PY
