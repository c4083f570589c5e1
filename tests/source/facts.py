"""Facts about tables in a short notation."""

from datetime import UTC, datetime
from typing import Any

from kbq_tui.model.source import Column, Content, TableFacts
from kbq_tui.source.columns import proposed

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
PROFILES = "email STRING, external_id STRING, first_name STRING, updated_at TIMESTAMP"
EVENTS = (
    "event_id STRING, email STRING, metric STRING, event_at TIMESTAMP, value NUMERIC, currency STRING, "
    "colour STRING, loaded_at TIMESTAMP"
)


def columns(text: str) -> tuple[Column, ...]:
    """Return columns: `a STRING, b STRUCT<x INT64; y STRING>`, with semicolons inside types."""
    pairs = (each.strip().split(" ", 1) for each in text.split(",") if each.strip())
    return tuple(Column(name, type_.replace(";", ",")) for name, type_ in pairs)


def table(text: str = PROFILES, /, counts: dict[str, Any] | None = None, name: str = "t", **more: Any) -> TableFacts:
    """Return the facts of a table.

    Args:
        text: its columns.
        counts: what was counted: `rows`, `malformed email`; None if nothing was.
        name: its name.
        more: other facts.
    """
    found = columns(text)
    content = None
    if counts is not None:
        pairs = ((key.partition(" "), value) for key, value in counts.items())
        content = Content({(key[0], key[2]): None if value is None else str(value) for key, value in pairs})
    facts: dict[str, Any] = {"kind": "TABLE", "roles": proposed(found), "content": content}
    return TableFacts(("acme", "IMPORT", name), columns=found, **(facts | more))
