"""Rules about the columns of a table and their types."""

from collections.abc import Iterator
from typing import Final

from kbq_tui.i18n.messages import message
from kbq_tui.model.source import Role, Severity, TableFacts, Use
from kbq_tui.source import limits
from kbq_tui.source.columns import (
    NESTING_MARK,
    UNSUPPORTED,
    base,
    depth,
    identifiers,
    looks_internal,
    looks_personal,
    meant_for,
)
from kbq_tui.source.rule import ALL, EVENTS, PEOPLE, PROFILES, Hit, SourceRule

_OBJECTS: Final = frozenset({Use.OBJECTS})
_NAMED: Final = 8
"""The most columns that a sentence names."""


def _known(facts: TableFacts) -> bool:
    """Return whether the columns are known: a table that cannot be read may not show them."""
    return bool(facts.columns)


def _no_identifier(facts: TableFacts) -> Iterator[Hit]:
    if _known(facts) and not identifiers(facts.roles):
        yield Hit(message("No column for an e-mail address, a phone number, an external id or a Klaviyo id was found."))


def _no_key(facts: TableFacts) -> Iterator[Hit]:
    if _known(facts) and not identifiers(facts.roles) and Role.UNIQUE_ID not in facts.roles:
        yield Hit(message("No column that tells one object from another was found."))


def _no_change(facts: TableFacts) -> Iterator[Hit]:
    if not _known(facts) or Role.CHANGED in facts.roles:
        return
    odd = meant_for(Role.CHANGED, facts.columns)
    if odd is None:
        yield Hit(message("No change timestamp was found: Klaviyo reads by it what is new."))
        return
    text = message(
        "Column {column} is {type}: a change timestamp has to be a TIMESTAMP, as text it is refused.",
        column=odd.name,
        type=base(odd.type),
    )
    yield Hit(text, odd.name)


def _change_datetime(facts: TableFacts) -> Iterator[Hit]:
    column = facts.column(Role.CHANGED)
    if column is not None and base(column.type) == "DATETIME":
        text = message(
            "Column {column} is a DATETIME, which has no zone: Klaviyo takes it for UTC.", column=column.name
        )
        yield Hit(text, column.name)


def _no_event_time(facts: TableFacts) -> Iterator[Hit]:
    if not _known(facts) or Role.EVENT_TIME in facts.roles:
        return
    odd = meant_for(Role.EVENT_TIME, facts.columns)
    if odd is not None:
        text = message(
            "Column {column} is {type}: an event timestamp has to be a TIMESTAMP or DATETIME.",
            column=odd.name,
            type=base(odd.type),
        )
        yield Hit(text, odd.name)
    elif Role.CHANGED in facts.roles:
        text = message(
            "There is one timestamp only: the event timestamp has to be another column than the change timestamp."
        )
        yield Hit(text)
    else:
        yield Hit(message("No event timestamp was found."))


def _event_datetime(facts: TableFacts) -> Iterator[Hit]:
    column = facts.column(Role.EVENT_TIME)
    if column is not None and base(column.type) == "DATETIME":
        text = message(
            "Column {column} is a DATETIME, which has no zone: Klaviyo takes it for UTC.", column=column.name
        )
        yield Hit(text, column.name)


def _is_event(facts: TableFacts) -> bool:
    return Role.EVENT_TIME in facts.roles


def _no_metric(facts: TableFacts) -> Iterator[Hit]:
    if _is_event(facts) and Role.METRIC not in facts.roles:
        yield Hit(message("No metric name was found: choose one metric for all rows in Klaviyo."))


def _no_unique_id(facts: TableFacts) -> Iterator[Hit]:
    if _is_event(facts) and Role.UNIQUE_ID not in facts.roles:
        yield Hit(message("No unique id was found: of the events of one profile in one second only one survives."))


def _no_currency(facts: TableFacts) -> Iterator[Hit]:
    if _is_event(facts) and Role.VALUE in facts.roles and Role.CURRENCY not in facts.roles:
        yield Hit(message("There is a value and no currency for it, such as USD."))


def _value_text(facts: TableFacts) -> Iterator[Hit]:
    column = facts.column(Role.VALUE)
    if _is_event(facts) and column is not None and base(column.type) == "STRING":
        yield Hit(message("Column {column} is text; a value has to be a number.", column=column.name), column.name)


def _external_float(facts: TableFacts) -> Iterator[Hit]:
    if Role.EXTERNAL_ID in facts.roles:
        return
    odd = meant_for(Role.EXTERNAL_ID, facts.columns)
    if odd is not None:
        text = message(
            "Column {column} is {type}, which is no stable identifier.", column=odd.name, type=base(odd.type)
        )
        yield Hit(text, odd.name)


def _dates(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.properties():
        if base(column.type) == "DATE":
            text = message(
                "Column {column} is a DATE, which becomes midnight UTC: a day early west of Greenwich. Map it as text.",
                column=column.name,
            )
            yield Hit(text, column.name)


def _unsupported(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.columns:
        inner = next((kind for kind in sorted(UNSUPPORTED) if kind in column.type.upper()), "")
        if inner:
            text = message(
                "Column {column} is {type}, for which Klaviyo names no form. Leave it out, or cast it to text.",
                column=column.name,
                type=inner,
            )
            yield Hit(text, column.name)


def _nested_profile(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.properties():
        if "STRUCT" in column.type.upper():
            text = message(
                "Column {column} is nested; a profile's property is flat. Offer its fields as columns.",
                column=column.name,
            )
            yield Hit(text, column.name)


def _too_deep(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.properties():
        if (levels := depth(column)) > limits.NESTING.value:
            text = message(
                "Column {column} nests {n} levels deep; Klaviyo refuses more than {limit}.",
                column=column.name,
                n=levels,
                limit=limits.NESTING.value,
            )
            yield Hit(text, column.name)


def _too_many(facts: TableFacts) -> Iterator[Hit]:
    count = sum(1 for _ in facts.properties())
    if count > limits.EVENT_PROPERTIES_ONCE.value:
        text = message(
            "{n} columns would be sent as properties; Klaviyo takes {limit} an event.",
            n=count,
            limit=limits.EVENT_PROPERTIES.value,
        )
        yield Hit(text, severity=Severity.FAIL if count > limits.EVENT_PROPERTIES.value else None)


def _clashing(facts: TableFacts) -> Iterator[Hit]:
    """A column `a` and a column `a___b` would become one property."""
    names = {c.name for c in facts.properties()}
    for name in sorted(names):
        parent = name.rpartition(NESTING_MARK)[0]
        if parent in names:
            text = message("Columns {one} and {other} mean one property: {other} nests in it.", one=parent, other=name)
            yield Hit(text, name)


def _sent(facts: TableFacts) -> Iterator[Hit]:
    names = [c.name for c in facts.properties()]
    if _is_event(facts) and names:
        text = message(
            "Every column that is not mapped is sent as a property of the event: {columns}.", columns=_listed(names)
        )
        yield Hit(text)


def _listed(names: list[str]) -> str:
    more = f" … ({len(names)})" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _personal(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.properties():
        if _is_event(facts) and looks_personal(column):
            text = message("Column {column} looks personal, and is sent with every event.", column=column.name)
            yield Hit(text, column.name)


def _internal(facts: TableFacts) -> Iterator[Hit]:
    for column in facts.properties():
        if _is_event(facts) and looks_internal(column) and not looks_personal(column):
            text = message("Column {column} looks internal, and is sent with every event.", column=column.name)
            yield Hit(text, column.name)


RULES: Final = (
    SourceRule("no-identifier", PEOPLE, Severity.FAIL, _no_identifier, limits.PROFILES),
    SourceRule("no-key", _OBJECTS, Severity.FAIL, _no_key),
    SourceRule("no-change-timestamp", ALL, Severity.FAIL, _no_change, limits.PROFILES),
    SourceRule("change-datetime", ALL, Severity.WARNING, _change_datetime, limits.PROFILES),
    SourceRule("no-event-timestamp", EVENTS, Severity.FAIL, _no_event_time, limits.EVENTS),
    SourceRule("event-datetime", EVENTS, Severity.WARNING, _event_datetime, limits.EVENTS),
    SourceRule("no-metric", EVENTS, Severity.WARNING, _no_metric, limits.EVENTS),
    SourceRule("no-unique-id", EVENTS, Severity.WARNING, _no_unique_id, limits.EVENTS),
    SourceRule("no-currency", EVENTS, Severity.WARNING, _no_currency, limits.EVENTS),
    SourceRule("value-text", EVENTS, Severity.WARNING, _value_text, limits.EVENTS),
    SourceRule("external-id-type", PEOPLE, Severity.WARNING, _external_float),
    SourceRule("date-column", PEOPLE, Severity.WARNING, _dates, limits.PROFILES),
    SourceRule("type-unsupported", ALL, Severity.WARNING, _unsupported),
    SourceRule("nested-in-profile", PROFILES, Severity.WARNING, _nested_profile, limits.PROFILES),
    SourceRule("nested-too-deep", EVENTS, Severity.FAIL, _too_deep, limits.API),
    SourceRule("too-many-properties", EVENTS, Severity.WARNING, _too_many, limits.API),
    SourceRule("property-clash", EVENTS, Severity.WARNING, _clashing, limits.EVENTS),
    SourceRule("sent", EVENTS, Severity.NOTE, _sent, limits.EVENTS),
    SourceRule("personal", EVENTS, Severity.WARNING, _personal, limits.EVENTS),
    SourceRule("internal", EVENTS, Severity.WARNING, _internal, limits.EVENTS),
)
