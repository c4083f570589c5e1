"""Paged lists, and the query parameters of the methods that return them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from kbq_tui.sandbox.bigquery import refusals
from kbq_tui.sandbox.context import Call

T = TypeVar("T")


def flag(call: Call, name: str) -> bool:
    """A boolean query parameter; false if it is absent."""
    return str(call.query.get(name, "")).lower() in ("true", "1")


def whole_number(call: Call, name: str, default: int) -> int:
    """A query parameter that is a whole number of 0 or more.

    Raises:
        ApiError: it is something else.
    """
    text = str(call.query.get(name, ""))
    if not text:
        return default
    if not text.isdecimal() or len(text) > 18:
        raise refusals.invalid(f"Invalid value for {name}: {text} is not a valid value")
    return int(text)


def page(call: Call, items: Sequence[T], default: int) -> tuple[Sequence[T], dict[str, Any]]:
    """The page that ``pageToken`` and ``maxResults`` (or ``pageSize``) ask for, and ``nextPageToken`` if there are
    more.

    Args:
        call: the request.
        items: all items, in a stable order.
        default: the number of items in a page if the caller gives none.
    """
    start = whole_number(call, "pageToken", 0)
    count = whole_number(call, "maxResults", whole_number(call, "pageSize", default)) or default
    shown = items[start : start + count]
    return shown, ({"nextPageToken": str(start + count)} if start + count < len(items) else {})
