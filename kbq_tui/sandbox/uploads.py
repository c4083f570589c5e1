"""Parses request bodies: JSON, a form, or JSON and a file.

https://cloud.google.com/bigquery/docs/reference/api-uploads
"""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from kbq_tui.sandbox import errors

JSON = dict[str, Any]
MAX_BYTES = 64 * 1024 * 1024
"""The most bytes of one request; Google accepts more."""


def parse(raw: bytes, headers: Mapping[str, str]) -> tuple[JSON, bytes]:
    """Give the JSON of a request and the content of its file.

    Args:
        raw: the body.
        headers: lower-case names.

    Raises:
        ApiError: 400 for a body that cannot be read, 413 for one that is too large.
    """
    if len(raw) > MAX_BYTES:
        raise errors.ApiError(413, "INVALID_ARGUMENT", "Request payload size exceeds the limit.", "uploadTooLarge")
    kind = headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode("utf-8", "replace"))), b""
    if kind.startswith("multipart/related"):
        return _related(raw, kind)
    if "content-range" in headers:
        return {}, raw
    return _json(raw), b""


def _related(raw: bytes, kind: str) -> tuple[JSON, bytes]:
    """The two parts of ``uploadType=multipart``: JSON first, then the file."""
    header = Message()
    header["content-type"] = kind
    boundary = str(header.get_param("boundary") or "").encode()
    parts = (b"\r\n" + raw).split(b"\r\n--" + boundary)
    if not boundary or len(parts) < 3:
        raise errors.ApiError(400, "INVALID_ARGUMENT", "Malformed multipart body.", "badRequest")
    contents = [part.partition(b"\r\n\r\n")[2] for part in parts[1:3]]
    return _json(contents[0]), contents[1]


def _json(raw: bytes) -> JSON:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
        if b"\\ud" in raw.lower():
            json.dumps(body, ensure_ascii=False).encode()  # refuse a lone surrogate
    except (ValueError, RecursionError) as error:
        raise errors.ApiError(
            400, "INVALID_ARGUMENT", f"Invalid JSON payload received. {error}", "parseError"
        ) from None
    if not isinstance(body, dict):
        raise errors.ApiError(
            400, "INVALID_ARGUMENT", "Invalid JSON payload received. Expected an object.", "parseError"
        )
    return body
