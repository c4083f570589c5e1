"""Rules about the content of a table: identifiers, and the change timestamp."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from kbq_tui.i18n.messages import Message, grouped, joined, message, message_n
from kbq_tui.model.source import Role, Severity, TableFacts
from kbq_tui.source import limits
from kbq_tui.source.columns import identifiers
from kbq_tui.source.content_sql import NEWEST_KEPT
from kbq_tui.source.rule import ALL, PEER, PEOPLE, PROFILES, Hit, Judge, SourceRule, of_rows

_MANY_AT_NEWEST: Final = 100
_HISTORY_ROWS: Final = 10_000
_HISTORY: Final = timedelta(days=90)
"""The number of rows, and the period, from which a table counts as history that is to be imported; our own choice."""
_NOW: Final = r"\bCURRENT_(?:TIMESTAMP|DATETIME|DATE|TIME)\b[^,;]{0,200}?\bAS\s+`?"
"""The current time in a query, up to the name that it gets there."""


def counted(measure: str, role: Role, text: Callable[[Message, str], Message], *, fails: bool = True) -> Judge:
    """Return a judge that objects if a measure of a role's column is not 0.

    Args:
        measure: the measure's name.
        role: the column's role.
        text: makes the sentence from the number of rows and the column's name.
        fails: whether every row means that the table cannot be used.
    """

    def judge(facts: TableFacts) -> Iterator[Hit]:
        column, content = facts.roles.get(role, ""), facts.content
        if content is None or not (n := content.count(measure, column)):
            return
        worst = Severity.FAIL if fails and n >= content.rows else None
        yield Hit(text(of_rows(n, content.rows), column), column, worst)

    return judge


def _no_identifier(facts: TableFacts) -> Iterator[Hit]:
    if facts.content is not None and (n := facts.content.count("no_identifier")):
        text = message("{rows} have no identifier at all: Klaviyo skips them.", rows=of_rows(n, facts.content.rows))
        yield Hit(text, severity=Severity.FAIL if n >= facts.content.rows else None)


def _capitals(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.EMAIL, ""), facts.content
    if content is not None and content.has("spellings", column):
        more = content.count("spellings", column) - content.count("distinct", column)
        if more > 0:
            text = message_n(
                "{n} address differs from another one in capitals alone.",
                "{n} addresses differ from another one in capitals alone.",
                more,
            )
            yield Hit(text, column)


def _long_email(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.EMAIL, ""), facts.content
    if content is not None and (n := content.count("longest", column)) > limits.EMAIL_CHARACTERS.value:
        text = message(
            "The longest address has {n} characters; Klaviyo's own sample has room for {limit}.",
            n=n,
            limit=limits.EMAIL_CHARACTERS.value,
        )
        yield Hit(text, column)


def _phone(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.PHONE, ""), facts.content
    if content is None or not (n := content.count("not_e164", column)):
        return
    text = message(
        "{rows} have a phone number in {column} that is not like +4915112345678 (E.164).",
        rows=of_rows(n, content.rows),
        column=column,
    )
    # Klaviyo reads national forms if it knows the country; a row may still have other identifiers.
    alone = identifiers(facts.roles) == (Role.PHONE,)
    yield Hit(text, column, Severity.FAIL if alone and Role.COUNTRY not in facts.roles else None)


def _merged_emails(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    if content is not None and (more := content.count("pairs") - content.count("paired_emails")) > 0:
        text = message(
            "One e-mail address has several external ids ({n} more than addresses): Klaviyo merges these profiles, and "
            "that cannot be undone.",
            n=grouped(more),
        )
        yield Hit(text, facts.roles.get(Role.EMAIL, ""))


def _merged_ids(facts: TableFacts) -> Iterator[Hit]:
    content = facts.content
    if content is not None and (more := content.count("pairs") - content.count("paired_ids")) > 0:
        text = message(
            "One external id has several e-mail addresses ({n} more than ids): Klaviyo merges these profiles, and that "
            "cannot be undone.",
            n=grouped(more),
        )
        yield Hit(text, facts.roles.get(Role.EXTERNAL_ID, ""))


def _duplicates(facts: TableFacts) -> Iterator[Hit]:
    mine, content = identifiers(facts.roles), facts.content
    if content is None or not mine or Role.EVENT_TIME in facts.roles:
        return
    column = facts.roles[mine[0]]
    more = content.rows - content.count("empty", column) - content.count("distinct", column)
    if more > 0:
        text = message_n(
            "{n} row repeats an identifier in {column}; Klaviyo takes the newest.",
            "{n} rows repeat an identifier in {column}; Klaviyo takes the newest.",
            more,
            column=column,
        )
        yield Hit(text, column)


def _volatile(facts: TableFacts) -> Iterator[Hit]:
    column, content = facts.roles.get(Role.CHANGED, ""), facts.content
    if content is not None and content.rows and content.count("now", column) >= content.rows:
        text = message(
            "Column {column} is the time of the query itself: each sync would send everything again.", column=column
        )
        yield Hit(text, column)
    elif column and re.search(f"{_NOW}{re.escape(column)}\\b", facts.definition, re.IGNORECASE):
        text = message(
            "The view's query uses the current time. Make sure that {column} does not come from it.", column=column
        )
        yield Hit(text, column, Severity.WARNING)


def _many_at_newest(facts: TableFacts) -> Iterator[Hit]:
    """A backfill gives all rows one timestamp on purpose: Klaviyo advises a narrow range of timestamps for it."""
    column, content = facts.roles.get(Role.CHANGED, ""), facts.content
    if content is None or content.time("oldest", column) == content.time("newest", column):
        return
    if (n := content.count("at_newest", column)) >= _MANY_AT_NEWEST:
        some = joined("", grouped(n), "+") if n >= NEWEST_KEPT else grouped(n)
        text = message(
            "{n} rows have the newest change timestamp: rows that are added with it later may be lost or sent again.",
            n=some,
        )
        yield Hit(text, column)


def _history(facts: TableFacts) -> Iterator[Hit]:
    """Before the first sync, Klaviyo advises a narrow range of change timestamps for history."""
    column, content = facts.roles.get(Role.CHANGED, ""), facts.content
    if content is None or facts.last is not None or content.rows < _HISTORY_ROWS:
        return
    oldest, newest = content.time("oldest", column), content.time("newest", column)
    if oldest is not None and newest is not None and newest - oldest > _HISTORY:
        text = message(
            "Change timestamps reach from {oldest} to {newest}. For history Klaviyo advises a narrow range of them: "
            "the first import takes fewer cycles.",
            oldest=f"{oldest:%Y-%m-%d}",
            newest=f"{newest:%Y-%m-%d}",
        )
        yield Hit(text, column)


def _email_empty(rows: Message, column: str) -> Message:
    return message("{rows} have no value in {column}.", rows=rows, column=column)


def _email_malformed(rows: Message, column: str) -> Message:
    return message(
        "{rows} have something in {column} that is no e-mail address: Klaviyo skips them.", rows=rows, column=column
    )


def _email_spaced(rows: Message, column: str) -> Message:
    return message("{rows} have a space in {column}, for which Klaviyo refuses an address.", rows=rows, column=column)


def _klaviyo_length(rows: Message, column: str) -> Message:
    return message(
        "{rows} have something in {column} that is no Klaviyo id (26 characters, old ones 6).", rows=rows, column=column
    )


def _change_empty(rows: Message, column: str) -> Message:
    return message("{rows} have no change timestamp in {column}: Klaviyo never reads them.", rows=rows, column=column)


def _change_future(rows: Message, column: str) -> Message:
    return message(
        "{rows} have a change timestamp in the future in {column}: rows that change before it are not picked up.",
        rows=rows,
        column=column,
    )


def _consent(rows: Message, column: str) -> Message:
    return message(
        "{rows} have something in {column} that is no consent: Subscribe, Never Subscribed or Unsubscribed.",
        rows=rows,
        column=column,
    )


RULES: Final = (
    SourceRule("identifier-empty", PEOPLE, Severity.WARNING, _no_identifier, limits.PROFILES),
    SourceRule("email-empty", PEOPLE, Severity.NOTE, counted("empty", Role.EMAIL, _email_empty, fails=False)),
    SourceRule(
        "email-malformed", PEOPLE, Severity.WARNING, counted("malformed", Role.EMAIL, _email_malformed), limits.PROFILES
    ),
    SourceRule("email-space", PEOPLE, Severity.WARNING, counted("spaced", Role.EMAIL, _email_spaced), limits.PROFILES),
    SourceRule("email-capitals", PEOPLE, Severity.WARNING, _capitals),
    SourceRule("email-long", PEOPLE, Severity.WARNING, _long_email, limits.PROFILES),
    SourceRule("phone-format", PEOPLE, Severity.WARNING, _phone, limits.PROFILES),
    SourceRule("klaviyo-id-length", PEOPLE, Severity.FAIL, counted("wrong_length", Role.KLAVIYO_ID, _klaviyo_length)),
    SourceRule("merge-by-email", PEOPLE, Severity.FAIL, _merged_emails, limits.PROFILES),
    SourceRule("merge-by-external-id", PEOPLE, Severity.FAIL, _merged_ids, limits.PROFILES),
    SourceRule("duplicates", PROFILES, Severity.NOTE, _duplicates),
    SourceRule("change-empty", ALL, Severity.WARNING, counted("empty", Role.CHANGED, _change_empty), limits.PROFILES),
    SourceRule("change-future", ALL, Severity.FAIL, counted("future", Role.CHANGED, _change_future), PEER),
    SourceRule("change-volatile", ALL, Severity.FAIL, _volatile, PEER),
    SourceRule("change-newest-many", ALL, Severity.WARNING, _many_at_newest, PEER),
    SourceRule("change-history", ALL, Severity.NOTE, _history, limits.PROFILES),
    SourceRule(
        "consent-values", PROFILES, Severity.WARNING, counted("not_consent", Role.CONSENT, _consent), limits.PROFILES
    ),
)
