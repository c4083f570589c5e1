"""Makes text from outside inert: nothing in it can move the cursor, change a colour or reverse a line."""

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
        limit: the longest result in characters; a longer text is cut, with a note that says so.
        keep_lines: keep line feeds (for an error body that is shown alone).
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
    """Return an ISO 8601 time in UTC; None if it is not valid, or has no zone."""
    from datetime import UTC, datetime  # imported late: not needed for the first frame

    try:
        found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):  # not a time, or one that UTC does not have
        return None


_COLOUR: Final = pattern(r"\x1b\[[0-9;]*m")


def without_colour(text: str) -> str:
    """Return a text of ours without escape sequences for colours."""
    return _COLOUR.sub("", text)
