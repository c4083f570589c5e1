#!/usr/bin/env bash
# bigquery-schema-generator 1.6.1: a phone number in quotes becomes an INTEGER column.
# Behaviour: from {"phone": "+493012345678", "zip": "01234"} it infers INTEGER for both. One value with a space in it makes the
# column STRING. That quoted numbers are read as numbers is documented; that a leading plus or zero is one is not.
# Expected: STRING: "+49..." and "01234" are not how an integer is written.
# Why it matters: loaded with that schema the plus and the zero are gone for good. The number is no longer E.164, as Klaviyo and
# others want it, and whether it happens depends on the rows that were looked at.
# Source: https://github.com/bxparks/bigquery-schema-generator#type-inference-rules-and-quoted-values,
# https://developers.klaviyo.com/en/docs/acceptable_phone_number_formats_for_api_calls
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check \
  bigquery-schema-generator==1.6.1 2>"$dir/pip.log" || { cat "$dir/pip.log" >&2; exit 2; }
unset ${!GOOGLE_@} ${!GCLOUD_@} ${!CLOUDSDK_@} ${!BIGQUERY_@}
export HOME="$dir" NO_PROXY=127.0.0.1
cd "$dir"
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from bigquery_schema_generator.generate_schema import SchemaGenerator

def types(*rows):
    generator = SchemaGenerator(input_format="dict")
    schema, errors = generator.deduce_schema(list(rows))
    return {column["name"]: column["type"] for column in generator.flatten_schema(schema)}

row = {"phone": "+493012345678", "zip": "01234"}
print("bigquery-schema-generator", version("bigquery-schema-generator"))
print(types(row), "- with a second row:", types(row, {"phone": "+49 30 12345678", "zip": "D-01234"}))
if types(row) != {"phone": "INTEGER", "zip": "INTEGER"}:
    sys.exit("this has changed")
PY
