"""The type of a table, and the traits that a scenario gives it: files, policy tags."""

import hashlib
from typing import Any

from kbq_tui.sandbox.resources import Table

JSON = dict[str, Any]
STORED = ("TABLE", "SNAPSHOT")
"""Types of tables whose rows BigQuery stores itself."""


def kind(table: Table) -> str:
    """The API's type of a table; ``EXTERNAL`` for one whose rows are in Drive or a bucket according to the scenario."""
    return "EXTERNAL" if table.traits.get("drive") or table.traits.get("bucket") else table.kind


def external(table: Table) -> JSON:
    """``externalDataConfiguration``: as it was given, or for the files that a scenario names."""
    given: JSON = dict(table.extra.get("externalDataConfiguration") or {})
    if table.traits.get("drive") is not None:
        uri = f"https://docs.google.com/spreadsheets/d/{_digest(table.ref)}"
        given |= {"sourceFormat": "GOOGLE_SHEETS", "sourceUris": [uri]}
    elif table.traits.get("bucket") is not None:
        bucket = table.traits["bucket"]
        given |= {"sourceFormat": bucket.get("format", "CSV"), "sourceUris": [bucket.get("uri", "")]}
    return given


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:19]


def tagged(table: Table, location: str) -> list[JSON]:
    """The schema with the policy tags that a scenario puts on columns; a tag's name is ``Taxonomy : Label``."""
    tags: dict[str, str] = table.traits.get("policy_tags", {})
    fields_: list[JSON] = []
    for column in table.schema:
        tag = tags.get(column["name"])
        if tag is not None:
            taxonomy, _, label = tag.partition(" : ")
            home = f"projects/{table.project_id}/locations/{location.lower()}"
            name = f"{home}/taxonomies/{_digest(taxonomy)}/policyTags/{_digest(label)}"
            fields_.append(column | {"policyTags": {"names": [name]}})
        else:
            fields_.append(column)
    return fields_
