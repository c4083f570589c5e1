"""Paged lists, as IAM, Resource Manager and Service Usage return them."""

import re
from typing import Any

from kbq_tui.sandbox import errors
from kbq_tui.sandbox.context import Call

JSON = dict[str, Any]


def page(items: list[Any], call: Call, *, default: int, most: int) -> tuple[list[Any], JSON]:
    """Give one page of a list, by ``pageSize`` and ``pageToken`` (from the query, or from the body over gRPC).

    Returns:
        The items, and ``{"nextPageToken": …}`` if there are more.

    Raises:
        ApiError: 400 for a token that the sandbox did not issue.
    """
    size = whole(call.query.get("pageSize") or call.body.get("pageSize") or default, "pageSize")
    token = str(call.query.get("pageToken") or call.body.get("pageToken") or "")
    start = 0
    if token:
        if not re.fullmatch(r"p\d+", token):
            raise errors.invalid("The page token is invalid.")
        start = int(token[1:])
    if size < 0:
        raise errors.invalid("The page size must not be negative.")
    end = start + min(size or default, most)
    return items[start:end], {"nextPageToken": f"p{end}"} if end < len(items) else {}


def whole(value: Any, name: str) -> int:
    """A whole number from a query or a body.

    Raises:
        ApiError: 400 for anything else.
    """
    if not re.fullmatch(r"-?\d{1,18}", str(value)):
        raise errors.invalid(f"Invalid value at '{name}' (TYPE_INT32), \"{value}\"")
    return int(value)
