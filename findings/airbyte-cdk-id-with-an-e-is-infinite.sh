#!/usr/bin/env bash
# airbyte-cdk 7.39.1: an identifier such as 12E345, put into a request body by a template, is sent as a number: infinity.
# Behaviour: what a template gives is read as a Python literal. "{{ config['list'] }}" is, for the texts 12E345, 00E123, 1_000 and 7#a, the number
# inf, 0.0, 1000 and 7 in a JSON body, a header and an added field, and the text itself in a query parameter. XE345 stays a text everywhere.
# Expected: the text everywhere: it is one in the configuration, and eval of a template is documented to return the interpolated string.
# Why it matters: identifiers of Klaviyo's lists and segments are six letters and digits, such as these. The API is asked for another list, or
# the request is no JSON ("inf"); the added field, often the parent's identifier, is wrong in the warehouse.
# Source: https://airbytehq.github.io/airbyte-python-cdk/airbyte_cdk/sources/declarative/interpolation/interpolated_string.html,
# https://docs.airbyte.com/connector-development/config-based/advanced-topics/string-interpolation,
# airbyte_cdk/sources/declarative/interpolation/jinja.py (_literal_eval)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check airbyte-cdk==7.39.1 2>pip.log || { cat pip.log >&2; exit 2; }
export HOME="$dir"
venv/bin/python -W ignore - <<'PY'
import sys
from importlib.metadata import version

from airbyte_cdk.sources.declarative.requesters.request_options import InterpolatedRequestOptionsProvider
from airbyte_cdk.sources.declarative.transformations.add_fields import AddedFieldDefinition, AddFields

print("airbyte-cdk", version("airbyte-cdk"))
template = "{{ config['list'] }}"
seen = {}
for identifier in ("XE345", "12E345", "00E123", "1_000", "7#a"):
    config = {"list": identifier}
    options = {"config": config, "parameters": {}}
    query = InterpolatedRequestOptionsProvider(**options, request_parameters={"v": template}, request_headers={"v": template})
    body = InterpolatedRequestOptionsProvider(**options, request_body_json={"v": template})
    record = {}
    AddFields([AddedFieldDefinition(["v"], template, None, {})], {}).transform(record, config=config)
    seen[identifier] = (
        query.get_request_params()["v"], query.get_request_headers()["v"], body.get_request_body_json()["v"], record["v"],
    )
    print("  {!r}: parameter {!r}, header {!r}, body {!r}, added field {!r}".format(identifier, *seen[identifier]))
infinite = float("inf")
if seen != {
    "XE345": ("XE345",) * 4,
    "12E345": ("12E345", infinite, infinite, infinite),
    "00E123": ("00E123", 0.0, 0.0, 0.0),
    "1_000": ("1_000", 1000, 1000, 1000),
    "7#a": ("7#a", 7, 7, 7),
}:
    sys.exit("this has changed")
PY
