#!/usr/bin/env bash
# email-validator 2.4.0 beside Klaviyo: an address that the library calls valid is one that Klaviyo drops.
# Behaviour: a@x.test and a@x.invalid are refused as special-use names; a@example.com, @example.net and @example.org are accepted
# (RFC 6761 asks applications not to treat those as special). A local part of 65 characters is accepted, unless strict=True.
# Expected: "rejects special use domain names" covers the best known of them, and RFC 5321's limit of 64 characters holds.
# Why it matters: Klaviyo drops events for @example.com without an error. A check of the rows with this library calls them good,
# and they never arrive: test for these domains as well.
# Source: https://pypi.org/project/email-validator/2.4.0/ ("Special Use Domain Names"),
# https://www.rfc-editor.org/rfc/rfc6761#section-6.5, https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1,
# https://developers.klaviyo.com/en/reference/create_event
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  email-validator==2.4.0 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from email_validator import EmailNotValidError, validate_email, __version__

def accepted(address):
    try:
        validate_email(address, check_deliverability=False)
        return True
    except EmailNotValidError:
        return False

addresses = ["a@example.com", "a@example.net", "a@example.org", "a" * 65 + "@posteo.de", "a@x.test", "a@x.invalid"]
print("email-validator", __version__)
got = [accepted(address) for address in addresses]
for address, good in zip(addresses, got):
    print(f"{address[:30]}: {'accepted' if good else 'refused'}")
if got != [True] * 4 + [False] * 2:
    sys.exit("this has changed")
PY
