"""Rules about the content of event tables, and about the size of what is sent."""

from collections.abc import Iterator
from typing import Final

from kbq_tui.i18n.messages import Message, grouped, message, message_n
from kbq_tui.model.source import Role, Severity, TableFacts
from kbq_tui.source import limits
from kbq_tui.source.columns import identifiers
from kbq_tui.source.limits import Limit
from kbq_tui.source.rule import ALL, EVENTS, PEOPLE, PROFILES, Hit, Judge, SourceRule, of_rows
from kbq_tui.source.rules_content import counted


def _longer(role: Role, limit: Limit) -> Judge:
    def judge(facts: TableFacts) -> Iterator[Hit]:
        column, content = facts.roles.get(role, ""), facts.content
        if content is not None and (n := content.count("longest", column)) > limit.value:
            text = message(
                "The longest value of {column} has {n} characters; Klaviyo takes {limit}.",
                column=column,
                n=grouped(n),
                limit=limit.value,
            )
            yield Hit(text, column)

    return judge


def _is_event(facts: TableFacts) -> bool:
    return Role.EVENT_TIME in facts.roles


def _test_domains(facts: TableFacts) -> Iterator[Hit]:
    if _is_event(facts):
        yield from counted("test_domain", Role.EMAIL, _test_text)(facts)


def _test_text(rows: Message, column: str) -> Message:
    return message(
        "{rows} have an address of a test domain in {column}: Klaviyo drops their events.", rows=rows, column=column
    )


def _event_empty(rows: Message, column: str) -> Message:
    return message("{rows} have no event timestamp in {column}.", rows=rows, column=column)


def _too_old(rows: Message, column: str) -> Message:
    return message("{rows} are of before the year 2000 by {column}: Klaviyo refuses them.", rows=rows, column=column)


def _too_late(rows: Message, column: str) -> Message:
    return message("{rows} are more than a year ahead by {column}: Klaviyo refuses them.", rows=rows, column=column)


def _metric_empty(rows: Message, column: str) -> Message:
    return message("{rows} have no metric name in {column}.", rows=rows, column=column)


def _unique_empty(rows: Message, column: str) -> Message:
    return message("{rows} have no unique id in {column}.", rows=rows, column=column)


def _value_empty(rows: Message, column: str) -> Message:
    return message(
        "{rows} have no value in {column}: it counts as 0 where the metric had one.", rows=rows, column=column
    )


def _value_zero(rows: Message, column: str) -> Message:
    return message("{rows} have the value 0 in {column}, which Klaviyo ignores.", rows=rows, column=column)


def _not_number(rows: Message, column: str) -> Message:
    return message(
        "{rows} have something in {column} that is no number, such as one with a currency sign.",
        rows=rows,
        column=column,
    )


def _not_currency(rows: Message, column: str) -> Message:
    return message(
        "{rows} have something in {column} that is no currency of ISO 4217, such as USD.", rows=rows, column=column
    )


def _corrected(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.UNIQUE_ID, ""), facts.content
    if not _is_event(facts) or content is None:
        return
    if (more := content.count("versions", column) - content.count("distinct", column)) > 0:
        text = message_n(
            "{n} row corrects an event by its unique id in {column}: only the first counts, so it corrects nothing.",
            "{n} rows correct an event by its unique id in {column}: only the first counts, so they correct nothing.",
            more,
            column=column,
        )
        yield Hit(text, column)


def _repeated(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.UNIQUE_ID, ""), facts.content
    if not _is_event(facts) or content is None or not content.has("distinct", column):
        return
    more = content.rows - content.count("empty", column) - content.count("distinct", column)
    if more > 0:
        text = message_n(
            "{n} row repeats a unique id of {column}: only the first counts.",
            "{n} rows repeat a unique id of {column}: only the first counts.",
            more,
            column=column,
        )
        yield Hit(text, column)


def _collapsing(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    if content is None or not content.has("surviving") or not identifiers(facts.roles):
        return
    known = content.rows - content.count("no_identifier") - content.count("empty", facts.roles[Role.EVENT_TIME])
    if (lost := known - content.count("surviving")) > 0:
        text = message_n(
            "{n} event is lost: without a unique id one event a profile and second survives.",
            "{n} events are lost: without a unique id one event a profile and second survives.",
            lost,
        )
        yield Hit(text)


def _booleans(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    for column in facts.properties():
        if content is not None and (n := content.count("not_boolean", column.name)):
            text = message(
                "{rows} have something in {column} that is neither true nor false to Klaviyo.",
                rows=of_rows(n, content.rows),
                column=column.name,
            )
            yield Hit(text, column.name)


def _ignored(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    for column in facts.properties():
        if _is_event(facts) and content is not None and (n := content.count("ignored", column.name)):
            text = message(
                "{rows} have 0 or an empty text in {column}, which Klaviyo ignores.",
                rows=of_rows(n, content.rows),
                column=column.name,
            )
            yield Hit(text, column.name)


def _long_strings(facts: TableFacts) -> Iterator[Hit]:
    content, limit = facts.content, limits.STRING_BYTES.value
    for column in facts.properties():
        if content is not None and (n := content.count("longest_bytes", column.name)) > limit:
            text = message(
                "The longest value of {column} has {n} bytes; Klaviyo refuses more than {limit}.",
                column=column.name,
                n=grouped(n),
                limit=grouped(limit),
            )
            yield Hit(text, column.name)


def _long_arrays(facts: TableFacts) -> Iterator[Hit]:
    content, limit = facts.content, limits.ARRAY_ITEMS.value
    for column in facts.properties():
        if content is not None and (n := content.count("most_items", column.name)) > limit:
            text = message(
                "The longest list of {column} has {n} items; Klaviyo refuses more than {limit}.",
                column=column.name,
                n=grouped(n),
                limit=grouped(limit),
            )
            yield Hit(text, column.name)


def _large(limit: Limit) -> Judge:
    def judge(facts: TableFacts) -> Iterator[Hit]:
        content = facts.content
        if content is not None and (n := content.count("row_bytes")) > limit.value:
            text = message(
                "The largest row has {n} bytes of text; Klaviyo refuses more than {limit}.",
                n=grouped(n),
                limit=grouped(limit.value),
            )
            yield Hit(text)

    return judge


RULES: Final = (
    SourceRule("test-domain", EVENTS, Severity.WARNING, _test_domains, limits.API),
    SourceRule("event-empty", EVENTS, Severity.WARNING, counted("empty", Role.EVENT_TIME, _event_empty), limits.EVENTS),
    SourceRule("event-too-old", EVENTS, Severity.WARNING, counted("too_old", Role.EVENT_TIME, _too_old), limits.API),
    SourceRule("event-too-late", EVENTS, Severity.WARNING, counted("too_late", Role.EVENT_TIME, _too_late), limits.API),
    SourceRule("metric-empty", EVENTS, Severity.WARNING, counted("empty", Role.METRIC, _metric_empty), limits.EVENTS),
    SourceRule("metric-long", EVENTS, Severity.FAIL, _longer(Role.METRIC, limits.METRIC_CHARACTERS), limits.API),
    SourceRule(
        "unique-id-empty", EVENTS, Severity.WARNING, counted("empty", Role.UNIQUE_ID, _unique_empty), limits.EVENTS
    ),
    SourceRule(
        "unique-id-long", EVENTS, Severity.FAIL, _longer(Role.UNIQUE_ID, limits.UNIQUE_ID_CHARACTERS), limits.API
    ),
    SourceRule("unique-id-corrected", EVENTS, Severity.WARNING, _corrected, limits.EVENTS),
    SourceRule("unique-id-repeated", EVENTS, Severity.WARNING, _repeated, limits.EVENTS),
    SourceRule("events-collapse", EVENTS, Severity.WARNING, _collapsing, limits.API),
    SourceRule(
        "value-empty", EVENTS, Severity.WARNING, counted("empty", Role.VALUE, _value_empty, fails=False), limits.API
    ),
    SourceRule(
        "value-zero", EVENTS, Severity.WARNING, counted("zero", Role.VALUE, _value_zero, fails=False), limits.API
    ),
    SourceRule(
        "value-not-number", EVENTS, Severity.WARNING, counted("not_number", Role.VALUE, _not_number), limits.EVENTS
    ),
    SourceRule(
        "currency-unknown",
        EVENTS,
        Severity.WARNING,
        counted("not_currency", Role.CURRENCY, _not_currency),
        limits.EVENTS,
    ),
    SourceRule("boolean-values", PEOPLE, Severity.WARNING, _booleans, limits.PROFILES),
    SourceRule("property-ignored", EVENTS, Severity.NOTE, _ignored, limits.API),
    SourceRule("string-long", ALL, Severity.WARNING, _long_strings, limits.API),
    SourceRule("array-long", ALL, Severity.WARNING, _long_arrays, limits.API),
    SourceRule("event-large", EVENTS, Severity.WARNING, _large(limits.EVENT_BYTES), limits.API),
    SourceRule("profile-large", PROFILES, Severity.WARNING, _large(limits.PROFILE_BYTES), limits.API),
)
