"""Text from outside, made inert: nothing in it can move a cursor, change a colour or reverse a line."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from kbq_tui.model.lazy_pattern import pattern

if TYPE_CHECKING:
    from datetime import datetime

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def inert(text: str, limit: int = 2_000, *, keep_lines: bool = False) -> str:
    """Return `text` as plain, printable text.

    Control characters (C0, C1, escape sequences), bidirectional controls, other invisible format characters and lone
    surrogates become a replacement character; line ends and tabs become spaces.

    Args:
        text: a name, label or message that Google, Klaviyo or a file gave us. Inert text is returned unchanged.
        limit: the longest result in characters; what is longer is cut and says so.
        keep_lines: keep line feeds (for an error body that is shown by itself).
    """
    cut = text[: limit + 1]
    out: list[str] = []
    for char in cut[:limit]:
        if char == "\n" and keep_lines:
            out.append(char)
        elif char in "\n\t\r":
            out.append(" ")
        elif char.isprintable():
            out.append(char)
        elif unicodedata.category(char) == "Zs":
            out.append(" ")
        else:
            out.append(_REPLACEMENT)
    if len(cut) > limit:
        out.append(f"… ({len(text):,} characters)")
    made = "".join(out)
    return text if made == text else made


def time_in(value: object) -> datetime | None:
    """Return a time of ISO 8601 in UTC; None if it is not one, or has no zone."""
    from datetime import UTC, datetime  # late: nothing of it is needed to draw a first frame

    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):  # no time, or one that UTC has not
        return None


_COLOUR: Final = pattern(r"\x1b\[[0-9;]*m")


def without_colour(text: str) -> str:
    """Return text of ours without the escape sequences for colours."""
    return _COLOUR.sub("", text)
