"""The query for the rows that break rules: a key of each, and the rules. It runs only on request."""

from collections.abc import Iterator, Sequence
from typing import Final

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import IDENTIFIERS, Column, Role, TableFacts
from kbq_tui.shell.sql import quoted
from kbq_tui.source import limits
from kbq_tui.source.columns import base
from kbq_tui.source.content_sql import (
    has_space,
    is_before,
    is_empty,
    is_future,
    is_malformed_email,
    is_no_e164,
    is_no_number,
    is_none_of,
    is_test_address,
    is_wrong_length,
    text_of,
)

NOT_READ: Final = "not-read"
"""Used in place of a rule if the rows of a table could not be fetched."""
_KEYS: Final = (Role.UNIQUE_ID, *IDENTIFIERS)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that breaks rules.

    Attributes:
        table: its table.
        key: its unique id or identifier; empty if it has none. Personal data: shown only on request.
        rules: the rules' ids.
    """

    table: str
    key: str
    rules: tuple[str, ...]

    @property
    def masked(self) -> str:
        """The key in a form that can be recognised but not read: `j***@e***.com`."""
        return masked(self.key)


def masked(value: str) -> str:
    """Return a value in a form that its owner recognises, and nobody else can read."""
    name, at, domain = value.strip().rpartition("@")
    if not at:
        return f"{value.strip()[:1]}***"
    host, _, end = domain.partition(".")
    return f"{name[:1]}***@{host[:1]}***" + (f".{end.rpartition('.')[2]}" if end else "")


def conditions(facts: TableFacts) -> Iterator[tuple[str, str]]:
    """Return the id of each rule about single rows, with its condition."""
    found = {role: column for role in facts.roles if (column := facts.column(role)) and column.name not in facts.closed}
    mine = [found[role] for role in IDENTIFIERS if role in found]
    if mine:
        yield "identifier-empty", " AND ".join(map(is_empty, mine))
    if email := found.get(Role.EMAIL):
        yield "email-malformed", is_malformed_email(email)
        yield "email-space", has_space(email)
        if Role.EVENT_TIME in found:
            yield "test-domain", is_test_address(email)
    yield from _more(found)


def _more(found: dict[Role, Column]) -> Iterator[tuple[str, str]]:
    if phone := found.get(Role.PHONE):
        yield "phone-format", is_no_e164(phone)
    if klaviyo := found.get(Role.KLAVIYO_ID):
        yield "klaviyo-id-length", is_wrong_length(klaviyo)
    if changed := found.get(Role.CHANGED):
        yield "change-empty", is_empty(changed)
        yield "change-future", is_future(changed, limits.CLOCKS)
    if event := found.get(Role.EVENT_TIME):
        yield "event-empty", is_empty(event)
        yield "event-too-old", is_before(event, limits.OLDEST_EVENT)
        yield "event-too-late", is_future(event, limits.LATEST_EVENT)
    if consent := found.get(Role.CONSENT):
        yield "consent-values", is_none_of(consent, limits.CONSENT)
    if currency := found.get(Role.CURRENCY):
        yield "currency-unknown", is_none_of(currency, limits.CURRENCIES, "UPPER(TRIM({text}))")
    value = found.get(Role.VALUE)
    if value and base(value.type) == "STRING":
        yield "value-not-number", is_no_number(value)


def bad_rows_query(facts: TableFacts, most: int) -> str:
    """Return the query for a table's rows that break rules; empty if no rule is about single rows.

    Its columns are the key and the rules' ids, separated by spaces.

    Args:
        facts: the table, with the roles of its columns.
        most: the most rows.
    """
    found = list(conditions(facts))
    keys = [(role, column) for role in _KEYS if (column := facts.column(role)) and column.name not in facts.closed]
    if not found:
        return ""
    key = ", ".join([*(f"NULLIF(TRIM({text_of(c)}), '')" for _, c in keys), "''"])
    reasons = ", ".join(f"IF({condition}, '{rule} ', '')" for rule, condition in found)
    source = quoted(*facts.path)
    return (
        f"SELECT k, r FROM (SELECT COALESCE({key}) AS k, TRIM(CONCAT({reasons}, '')) AS r FROM {source})\n"
        f"WHERE r != '' LIMIT {int(most)}"
    )


def rows_in(table: str, rows: Sequence[tuple[str | None, ...]]) -> tuple[RefusedRow, ...]:
    """Return the rows of the query's answer."""
    return tuple(RefusedRow(table, row[0] or "", tuple((row[1] or "").split())) for row in rows if len(row) == 2)
