"""Google's discovery documents, from google-api-python-client: methods by path, and schemas."""

import json
import re
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

JSON = dict[str, Any]

# The path prefix and the versions of each API that the sandbox serves.
SERVED = {
    "/iam/": ("iam", "v1"),
    "/iamcredentials/": ("iamcredentials", "v1"),
    "/crm/": ("cloudresourcemanager", "v1", "v3"),
    "/serviceusage/": ("serviceusage", "v1", "v1beta1"),
    "/orgpolicy/": ("orgpolicy", "v2"),
    "/billing/": ("cloudbilling", "v1"),
    "/cloudasset/": ("cloudasset", "v1"),
    "/logging/": ("logging", "v2"),
    "/monitoring/": ("monitoring", "v3"),
    "/policyanalyzer/": ("policyanalyzer", "v1"),
}
_BIGQUERY = re.compile(r"/(upload/)?(bigquery/v2/.*)")


class Document:
    """One API in one version.

    Attributes:
        schemas: by name.
        parameters: those that every method takes (``fields``, ``alt``, ...).
        methods: by id, e.g. ``bigquery.datasets.get``.
    """

    def __init__(self, data: JSON) -> None:
        self.schemas: dict[str, JSON] = data["schemas"]
        self.parameters: dict[str, JSON] = data["parameters"]
        self.methods: dict[str, JSON] = {m["id"]: m for m in _methods(data)}
        base = data["servicePath"]
        found = [(_literals(m), m["httpMethod"], _pattern(base + m.get("flatPath", m["path"])), m)
                 for m in self.methods.values()]  # fmt: skip
        # of two that match, the one with more literal parts is meant: `{name}:undelete` rather than `{name}`
        self._by_path = [(verb, pattern, m) for _, verb, pattern, m in sorted(found, key=lambda f: -f[0])]

    @lru_cache(4096)  # noqa: B019  documents live as long as the process
    def find(self, verb: str, path: str) -> JSON | None:
        """The method behind a path (without the leading slash); None if Google has none."""
        for wanted, pattern, method in self._by_path:
            if wanted == verb and pattern.fullmatch(path):
                return method
        return None


def _methods(node: JSON) -> list[JSON]:
    own = list(node.get("methods", {}).values())
    return own + [m for inner in node.get("resources", {}).values() for m in _methods(inner)]


def _literals(method: JSON) -> int:
    return len(re.sub(r"\{[^}]*\}", "", str(method.get("flatPath", method["path"]))))


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+?".join(map(re.escape, parts)))


@cache
def document(api: str, version: str) -> Document:
    """A document from google-api-python-client, read once.

    Raises:
        FileNotFoundError: there is none with this name.
    """
    found = find_spec("googleapiclient")  # not imported: that takes longer than reading the documents
    assert found is not None, "google-api-python-client is missing: make check"
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "discovery_cache" / "documents"
    return Document(json.loads((folder / f"{api}.{version}.json").read_bytes()))


def served_by(path: str) -> tuple[Document, str] | None:
    """The document for a path of the sandbox, and Google's path; None for a path that is not an API of Google's."""
    if match := _BIGQUERY.match(path):
        return document("bigquery", "v2"), match[2]
    for prefix, (api, *versions) in SERVED.items():
        rest = path.removeprefix(prefix)
        version = rest.partition("/")[0]
        if rest != path and version in versions:
            return document(api, version), rest
    return None
