"""The one query that counts everything in a table: the measures and their SQL.

It names each column, reads the table once and returns one row. GoogleSQL's functions:
https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from kbq_tui.model.lean_dataclass import dataclass
from kbq_tui.model.source import Column, Content, Role, TableFacts
from kbq_tui.shell.sql import quoted
from kbq_tui.source import limits
from kbq_tui.source.columns import NUMBERS, base, identifiers, is_time, looks_boolean

MEASURED_PROPERTIES: Final = 100
"""The most columns without a role that are measured, to limit the length of the query."""
NEWEST_KEPT: Final = 1_000
"""The number of rows at the newest timestamp up to which they are counted."""
EMAIL: Final = r"^[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+$"
E164: Final = r"^\+[1-9][0-9]{6,14}$"
_AHEAD: Final = "TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL {seconds} SECOND)"
_BETWEEN: Final = "'|'"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a table.

    Attributes:
        name: what is measured.
        column: the column; empty for the whole row.
        sql: the aggregate.
    """

    name: str
    column: str
    sql: str


@dataclass(frozen=True, slots=True)
class ContentQuery:
    """A query and what its cells mean.

    Attributes:
        sql: GoogleSQL.
        cells: measure and column of each cell, in order.
    """

    sql: str
    cells: tuple[tuple[str, str], ...]

    def content(self, row: Sequence[str | None]) -> Content:
        """Return the content in the query's only row. Raises ValueError if the row does not fit."""
        return Content(dict(zip(self.cells, row, strict=True)))


def text_of(column: Column) -> str:
    """Return a column as text."""
    return quoted(column.name) if base(column.type) == "STRING" else f"CAST({quoted(column.name)} AS STRING)"


def time_of(column: Column) -> str:
    """Return a column as a TIMESTAMP; a DATETIME is taken as UTC, as Klaviyo takes it."""
    name = quoted(column.name)
    return name if base(column.type) == "TIMESTAMP" else f"TIMESTAMP({name})"


def literal(value: str) -> str:
    """Return one of our own texts as a literal. Raises ValueError for one that would have to be escaped."""
    if any(c in value for c in "'\\\n\r"):
        raise ValueError("not a plain text")
    return f"'{value}'"


def timestamp(at: datetime) -> str:
    """Return a TIMESTAMP literal."""
    return f"TIMESTAMP '{at.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S.%f')}+00:00'"


def is_empty(column: Column) -> str:
    """Return the condition that there is no value."""
    name = quoted(column.name)
    return f"({name} IS NULL OR TRIM({name}) = '')" if base(column.type) == "STRING" else f"{name} IS NULL"


def is_malformed_email(column: Column) -> str:
    """Return the condition that a value is no e-mail address, spaces at its ends aside."""
    return f"(NOT {is_empty(column)} AND NOT REGEXP_CONTAINS(TRIM({quoted(column.name)}), r'{EMAIL}'))"


def has_space(column: Column) -> str:
    """Return the condition that there is a space anywhere; Klaviyo refuses such an address."""
    return f"(NOT {is_empty(column)} AND REGEXP_CONTAINS({quoted(column.name)}, r'\\s'))"


def is_test_address(column: Column) -> str:
    """Return the condition that an address is of a domain whose events are dropped."""
    domains = "|".join(domain.replace(".", r"\.") for domain in limits.TEST_DOMAINS)
    return f"IFNULL(REGEXP_CONTAINS(LOWER(TRIM({quoted(column.name)})), r'@(?:{domains})$'), FALSE)"


def is_no_e164(column: Column) -> str:
    """Return the condition that a phone number is not in the form E.164."""
    return f"(NOT {is_empty(column)} AND NOT REGEXP_CONTAINS(TRIM({quoted(column.name)}), r'{E164}'))"


def is_wrong_length(column: Column) -> str:
    """Return the condition that a value does not have the length of a Klaviyo id."""
    lengths = ", ".join(map(str, limits.KLAVIYO_ID_LENGTHS))
    return f"(NOT {is_empty(column)} AND CHAR_LENGTH(TRIM({quoted(column.name)})) NOT IN ({lengths}))"


def is_future(column: Column, ahead: timedelta) -> str:
    """Return the condition that a time is more than `ahead` in the future."""
    limit = _AHEAD.format(seconds=int(ahead.total_seconds()))
    return f"IFNULL({time_of(column)} > {limit}, FALSE)"


def is_before(column: Column, at: datetime) -> str:
    """Return the condition that a time is before another."""
    return f"IFNULL({time_of(column)} < {timestamp(at)}, FALSE)"


def is_none_of(column: Column, values: Sequence[str], form: str = "{text}") -> str:
    """Return the condition that there is a value, and that it is none of these."""
    allowed = ", ".join(map(literal, values))
    return f"(NOT {is_empty(column)} AND {form.format(text=text_of(column))} NOT IN ({allowed}))"


def is_no_number(column: Column) -> str:
    """Return the condition that a text is not a number, such as one with a currency sign."""
    return f"(NOT {is_empty(column)} AND SAFE_CAST(TRIM({quoted(column.name)}) AS FLOAT64) IS NULL)"


def identity(column: Column, role: Role) -> str:
    """Return an identifier in the form in which Klaviyo compares it: an e-mail without case and spaces; NULL if
    empty."""
    name = text_of(column)
    return f"NULLIF(LOWER(TRIM({name})), '')" if role is Role.EMAIL else f"NULLIF(TRIM({name}), '')"


def _countif(condition: str) -> str:
    return f"COUNTIF({condition})"


def _distinct(value: str) -> str:
    return f"COUNT(DISTINCT {value})"


def measures(facts: TableFacts) -> Iterator[Measure]:
    """Return the measures of a table, by the roles of its columns. Columns that may not be read are left out."""
    yield Measure("rows", "", "COUNT(*)")
    found = {role: column for role in facts.roles if (column := facts.column(role)) and column.name not in facts.closed}
    yield from _of_identifiers(found)
    yield from _of_times(facts, found)
    yield from _of_events(found)
    yield from _of_properties([c for c in facts.properties() if c.name not in facts.closed])
    texts = [c for c in facts.columns if base(c.type) == "STRING" and c.name not in facts.closed]
    if texts:
        bytes_ = " + ".join(f"IFNULL(BYTE_LENGTH({quoted(c.name)}), 0)" for c in texts[:MEASURED_PROPERTIES])
        yield Measure("row_bytes", "", f"MAX({bytes_})")


def _of_identifiers(found: dict[Role, Column]) -> Iterator[Measure]:
    mine = [(role, found[role]) for role in identifiers({r: c.name for r, c in found.items()})]
    if not mine:
        return
    yield Measure("no_identifier", "", _countif(" AND ".join(is_empty(c) for _, c in mine)))
    for role, column in mine:
        yield Measure("empty", column.name, _countif(is_empty(column)))
        yield Measure("distinct", column.name, _distinct(identity(column, role)))
    if email := found.get(Role.EMAIL):
        name = quoted(email.name)
        yield Measure("malformed", email.name, _countif(is_malformed_email(email)))
        yield Measure("spaced", email.name, _countif(has_space(email)))
        yield Measure("test_domain", email.name, _countif(is_test_address(email)))
        yield Measure("spellings", email.name, _distinct(f"NULLIF(TRIM({name}), '')"))
        yield Measure("longest", email.name, f"MAX(CHAR_LENGTH({name}))")
    if phone := found.get(Role.PHONE):
        yield Measure("not_e164", phone.name, _countif(is_no_e164(phone)))
    if klaviyo := found.get(Role.KLAVIYO_ID):
        yield Measure("wrong_length", klaviyo.name, _countif(is_wrong_length(klaviyo)))
    if Role.EMAIL in found and Role.EXTERNAL_ID in found:
        one, other = identity(found[Role.EMAIL], Role.EMAIL), identity(found[Role.EXTERNAL_ID], Role.EXTERNAL_ID)
        yield Measure("pairs", "", _distinct(f"CONCAT({one}, {_BETWEEN}, {other})"))
        yield Measure("paired_emails", "", _distinct(f"IF({other} IS NULL, NULL, {one})"))
        yield Measure("paired_ids", "", _distinct(f"IF({one} IS NULL, NULL, {other})"))
    if consent := found.get(Role.CONSENT):
        yield Measure("not_consent", consent.name, _countif(is_none_of(consent, limits.CONSENT)))


def _of_times(facts: TableFacts, found: dict[Role, Column]) -> Iterator[Measure]:
    if changed := found.get(Role.CHANGED):
        at = time_of(changed)
        yield Measure("empty", changed.name, _countif(is_empty(changed)))
        yield Measure("future", changed.name, _countif(is_future(changed, limits.CLOCKS)))
        yield Measure("now", changed.name, _countif(f"{at} = CURRENT_TIMESTAMP()"))
        yield Measure("oldest", changed.name, f"MIN({at})")
        yield Measure("newest", changed.name, f"MAX({at})")
        newest = f"ARRAY_AGG({at} IGNORE NULLS ORDER BY {at} DESC LIMIT {NEWEST_KEPT})"
        yield Measure("at_newest", changed.name, newest)
        if facts.last is not None and facts.last.newest is not None:
            yield Measure("newer", changed.name, _countif(f"{at} > {timestamp(facts.last.newest)}"))
    event = found.get(Role.EVENT_TIME)
    if event and event is not changed:
        at = time_of(event)
        yield Measure("empty", event.name, _countif(is_empty(event)))
        yield Measure("oldest", event.name, f"MIN({at})")
        yield Measure("newest", event.name, f"MAX({at})")
        yield Measure("too_old", event.name, _countif(is_before(event, limits.OLDEST_EVENT)))
        yield Measure("too_late", event.name, _countif(is_future(event, limits.LATEST_EVENT)))


def _of_events(found: dict[Role, Column]) -> Iterator[Measure]:
    if metric := found.get(Role.METRIC):
        yield Measure("empty", metric.name, _countif(is_empty(metric)))
        yield Measure("longest", metric.name, f"MAX(CHAR_LENGTH({quoted(metric.name)}))")
    event, changed = found.get(Role.EVENT_TIME), found.get(Role.CHANGED)
    if unique := found.get(Role.UNIQUE_ID):
        text = text_of(unique)
        yield Measure("empty", unique.name, _countif(is_empty(unique)))
        yield Measure("distinct", unique.name, _distinct(text))
        yield Measure("longest", unique.name, f"MAX(CHAR_LENGTH({text}))")
        if changed:
            at = f"CAST({time_of(changed)} AS STRING)"
            yield Measure("versions", unique.name, _distinct(f"CONCAT({text}, {_BETWEEN}, {at})"))
    elif event and (mine := identifiers({r: c.name for r, c in found.items()})):
        who = ", ".join(identity(found[role], role) for role in mine)
        kept = [f"COALESCE({who})", f"CAST(TIMESTAMP_TRUNC({time_of(event)}, SECOND) AS STRING)"]
        if metric:
            kept.append(f"IFNULL({quoted(metric.name)}, '')")
        yield Measure("surviving", "", _distinct(f"CONCAT({f', {_BETWEEN}, '.join(kept)})"))
    if value := found.get(Role.VALUE):
        yield Measure("empty", value.name, _countif(is_empty(value)))
        if base(value.type) == "STRING":
            yield Measure("not_number", value.name, _countif(is_no_number(value)))
            yield Measure("zero", value.name, _countif(f"SAFE_CAST(TRIM({quoted(value.name)}) AS FLOAT64) = 0"))
        else:
            yield Measure("zero", value.name, _countif(f"{quoted(value.name)} = 0"))
    if currency := found.get(Role.CURRENCY):
        wrong = is_none_of(currency, limits.CURRENCIES, "UPPER(TRIM({text}))")
        yield Measure("not_currency", currency.name, _countif(wrong))


def _of_properties(columns: Sequence[Column]) -> Iterator[Measure]:
    for column in columns[:MEASURED_PROPERTIES]:
        name, kind = quoted(column.name), base(column.type)
        if kind == "STRING":
            yield Measure("longest_bytes", column.name, f"MAX(BYTE_LENGTH({name}))")
            yield Measure("ignored", column.name, _countif(f"{name} = ''"))
        elif kind == "ARRAY":
            yield Measure("most_items", column.name, f"MAX(ARRAY_LENGTH({name}))")
        elif kind in NUMBERS:
            yield Measure("ignored", column.name, _countif(f"{name} = 0"))
        if looks_boolean(column):
            wrong = is_none_of(column, limits.BOOLEANS, "LOWER(TRIM({text}))")
            yield Measure("not_boolean", column.name, _countif(wrong))


def content_query(facts: TableFacts, *, where: str = "", sample: int = 0) -> ContentQuery:
    """Return the query that counts everything in a table.

    Args:
        facts: the table, with the roles of its columns.
        where: one of our conditions on its partitioning column; empty for all rows.
        sample: the percentage of the rows to read; 0 for all of them.

    Raises:
        ValueError: the table, or a column that is to be read, has a name that cannot be quoted.
    """
    found = list(measures(facts))
    cells, inner, outer = [], [], []
    newest = next((f"m{i}" for i, m in enumerate(found) if m.name == "newest"), "")
    for i, measure in enumerate(found):
        inner.append(f"{measure.sql} AS m{i}")
        whole = measure.name != "at_newest"
        outer.append(f"m{i}" if whole else f"(SELECT COUNTIF(x = {newest}) FROM UNNEST(m{i}) AS x) AS m{i}")
        cells.append((measure.name, measure.column))
    source = quoted(*facts.path)
    if sample:
        source += f" TABLESAMPLE SYSTEM ({sample} PERCENT)"
    if where:
        source += f" WHERE {where}"
    body = ",\n  ".join(inner)
    return ContentQuery(f"SELECT {', '.join(outer)}\nFROM (SELECT\n  {body}\nFROM {source})", tuple(cells))


def newest_partitions(facts: TableFacts, days: int) -> str:
    """Return the condition for the newest partitions; empty if the table is not partitioned by time."""
    column = facts.partition
    if column is None or not (is_time(column) or base(column.type) == "DATE"):
        return ""
    name = quoted(column.name)
    function = {"TIMESTAMP": "TIMESTAMP", "DATETIME": "DATETIME", "DATE": "DATE"}[base(column.type)]
    return f"{name} >= {function}_SUB(CURRENT_{function}(), INTERVAL {int(days)} DAY)"
