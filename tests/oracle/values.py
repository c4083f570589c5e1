"""Whether JSON matches a schema of a discovery document."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from tests.oracle.documents import Document

JSON = dict[str, Any]
MOST = 40  # of a long list, so many items are checked
_WHOLE = re.compile(r"-?\d+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
_FORMATS: dict[str, Callable[[str], object]] = {
    "int64": _WHOLE.fullmatch,
    "uint64": _WHOLE.fullmatch,
    "google-datetime": _TIME.fullmatch,
    "date-time": _TIME.fullmatch,
    "google-duration": _DURATION.fullmatch,
    "byte": lambda text: _is_base64(text),
}


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return False
    return True


class Values:
    """Checks one request or one answer.

    Args:
        document: the document with the schemas.
        creates: whether required fields must be present; a change may leave them out.
        request: requests may spell numbers both ways and clear fields with null, and may not set read-only fields.

    Attributes:
        fields: what was seen, as ``Schema.field``.
        faults: what is wrong, in words.
    """

    def __init__(self, document: Document, *, request: bool, creates: bool = False) -> None:
        self.document, self.request, self.creates = document, request, creates
        self.fields: set[str] = set()
        self.faults: list[str] = []

    def look(self, value: Any, schema: JSON, where: str) -> None:
        """Check a value and everything in it."""
        if "$ref" in schema:
            name = schema["$ref"]
            self._look(value, self.document.schemas[name], where, name)
        else:
            self._look(value, schema, where, where)

    def _look(self, value: Any, schema: JSON, where: str, name: str) -> None:
        kind = schema.get("type")
        if kind == "any":
            return
        if value is None:
            if not self.request:
                self._fault(where, "null")
            return
        if kind == "object":
            self._object(value, schema, where, name)
        elif kind == "array":
            if not isinstance(value, list):
                self._fault(where, f"{_kind(value)} instead of a list")
                return
            for item in value[:MOST]:
                self.look(item, schema["items"], f"{where}[]")
        elif not self._plain(value, schema):
            self._fault(where, f"{value!r:.80} is no {' '.join((kind or '', schema.get('format', ''))).strip()}")
        elif "enum" in schema and value not in schema["enum"]:
            self._fault(where, f"{value!r:.80} is none of {', '.join(schema['enum'][:8])}")

    def _object(self, value: Any, schema: JSON, where: str, name: str) -> None:
        if not isinstance(value, dict):
            self._fault(where, f"{_kind(value)} instead of an object")
            return
        properties: JSON = schema.get("properties", {})
        for key, inner in value.items():
            field = properties.get(key)
            if field is not None:
                self.fields.add(f"{name}.{key}")
                if self.request and field.get("readOnly") and inner is not None:
                    self._fault(f"{where}.{key}", "is read-only")
                self.look(inner, field, f"{where}.{key}")
            elif "additionalProperties" in schema:
                self.look(inner, schema["additionalProperties"], f"{where}.*")
            else:
                self._fault(f"{where}.{key}", f"no such field in {name}")
        if self.creates:
            for key, field in properties.items():
                if field.get("description", "").startswith("Required.") and key not in value:
                    self._fault(f"{where}.{key}", "is required")

    def _plain(self, value: Any, schema: JSON) -> bool:
        kind, form = schema.get("type"), schema.get("format", "")
        if kind == "boolean":
            return isinstance(value, bool)
        if kind in ("integer", "number"):
            if isinstance(value, str):  # JSON has no NaN
                return value == "NaN" if kind == "number" else self.request and bool(_WHOLE.fullmatch(value))
            return isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
        if not isinstance(value, str):
            return self.request and form in ("int64", "uint64") and type(value) is int
        return not (form in _FORMATS and not _FORMATS[form](value)) and bool(
            "pattern" not in schema or re.fullmatch(schema["pattern"].strip("^$"), value)
        )

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(f"{where}: {what}")


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", bool: "a flag"}.get(type(value), "a number")
