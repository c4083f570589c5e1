"""Findings about several tables together."""

from kbq_tui.source.across import across
from kbq_tui.source.rules import report_of
from tests.source.facts import EVENTS, PROFILES, table


def said(*texts: tuple[str, str]) -> list[str]:
    found = across([report_of(table(text, {"rows": 9}, name=name)) for name, text in texts])
    return [f"{f.rule} {f.text}" for f in found]


def test_one_property_from_two_tables_is_warned_of() -> None:
    (text,) = said(("a", PROFILES), ("b", PROFILES))
    assert text.startswith("two-sources first_name is in a, b")


def test_events_may_have_any_property() -> None:
    assert said(("a", EVENTS), ("b", EVENTS)) == []


def test_tables_without_an_identifier_in_common_are_warned_of() -> None:
    (text,) = said(("a", "email STRING, updated_at TIMESTAMP"), ("b", "external_id STRING, updated_at TIMESTAMP"))
    assert text.startswith("identifiers-differ a and b")


def test_tables_that_share_one_identifier_are_not() -> None:
    assert said(("a", "email STRING, updated_at TIMESTAMP"), ("b", PROFILES)) == []
