"""Each rule of the source check has a table that passes and one that does not."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kbq_tui.diagnosis import catalogue
from kbq_tui.i18n.messages import message
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context, Kind, Problem
from kbq_tui.model.source import Column, Content, Ready, Role, Seen, Severity, TableFacts, Use
from kbq_tui.source.rules import RULES, report_of
from tests.source.facts import EVENTS, NOW, PROFILES, table

DENIED = catalogue.problem(Code.TABLE_READ_DENIED, Context("acme", "a@b"), dataset="IMPORT", table="t")
OFFLINE = Problem(None, message("No answer"), message("The network is down."), kind=Kind.NETWORK)
TYPES = {"email": "STRING", "external_id": "STRING", "first_name": "STRING", "updated_at": "TIMESTAMP"}
SEEN = Seen(NOW - timedelta(days=1), 100, TYPES, NOW - timedelta(days=1))


def wide(count: int) -> str:
    return EVENTS + "".join(f", p{i} STRING" for i in range(count))


def nested(levels: int) -> str:
    return EVENTS + ", deep " + "STRUCT<a " * levels + "INT64" + ">" * levels


def people(**counts: Any) -> TableFacts:
    """Return a good table of profiles, with these counts: `malformed__email=1`."""
    return table(PROFILES, {"rows": 100, **{k.replace("__", " "): v for k, v in counts.items()}})


def events(**counts: Any) -> TableFacts:
    return table(EVENTS, {"rows": 100, **{k.replace("__", " "): v for k, v in counts.items()}})


def part(facts: TableFacts) -> TableFacts:
    assert facts.content is not None
    return replace(facts, content=Content(facts.content.numbers, message("a part")))


EXAMPLES: dict[str, tuple[TableFacts, TableFacts]] = {
    "unreadable": (people(), replace(people(), problem=DENIED)),
    "reads-elsewhere": (
        replace(people(), kind="VIEW", reads=(("acme", "IMPORT", "people"),)),
        replace(people(), kind="VIEW", reads=(("acme", "warehouse", "people"),)),
    ),
    "column-closed": (people(), replace(people(), closed=frozenset({"first_name"}))),
    "not-counted": (people(), replace(table(PROFILES), skipped=message("too large"))),
    "partly-counted": (people(), part(people())),
    "empty": (people(), people(rows=0)),
    "hidden-rows": (replace(people(), stored=100), replace(people(), stored=120)),
    "twin": (people(), replace(people(), twin="T")),
    "expires": (people(), replace(people(), expires=NOW)),
    "snapshot": (people(), replace(people(), kind="SNAPSHOT")),
    "loop": (people(), replace(people(), reads=(("acme", "EXPORT", "klaviyo_profile"),))),
    "column-vanished": (
        replace(people(), last=SEEN),
        replace(people(), last=replace(SEEN, columns={**TYPES, "gone": "STRING"})),
    ),
    "type-changed": (
        replace(people(), last=SEEN),
        replace(people(), last=replace(SEEN, columns={**TYPES, "first_name": "INT64"})),
    ),
    "always-newer": (
        replace(people(newer__updated_at=12), last=SEEN),
        replace(people(newer__updated_at=100), last=SEEN),
    ),
    "no-identifier": (table(PROFILES), table("first_name STRING, updated_at TIMESTAMP")),
    "no-key": (table("id INT64, updated_at TIMESTAMP"), table("colour STRING, updated_at TIMESTAMP")),
    "no-change-timestamp": (table(PROFILES), table("email STRING, updated_at STRING")),
    "change-datetime": (table(PROFILES), table("email STRING, updated_at DATETIME")),
    "no-event-timestamp": (table(EVENTS), table("email STRING, metric STRING, loaded_at TIMESTAMP")),
    "event-datetime": (table(EVENTS), table(EVENTS.replace("event_at TIMESTAMP", "event_at DATETIME"))),
    "no-metric": (table(EVENTS), table(EVENTS.replace("metric", "kind_of"))),
    "no-unique-id": (table(EVENTS), table(EVENTS.replace("event_id", "shop"))),
    "no-currency": (table(EVENTS), table(EVENTS.replace("currency", "shop"))),
    "value-text": (table(EVENTS), table(EVENTS.replace("NUMERIC", "STRING"))),
    "external-id-type": (table(PROFILES), table(PROFILES.replace("external_id STRING", "external_id FLOAT64"))),
    "date-column": (table(PROFILES), table(PROFILES + ", birthday DATE")),
    "type-unsupported": (table(PROFILES), table(PROFILES + ", place GEOGRAPHY")),
    "nested-in-profile": (table(PROFILES), table(PROFILES + ", address STRUCT<street STRING>")),
    "nested-too-deep": (table(nested(9)), table(nested(10))),
    "too-many-properties": (table(wide(290)), table(wide(310))),
    "property-clash": (table(EVENTS + ", a___b STRING"), table(EVENTS + ", a STRING, a___b STRING")),
    "sent": (table(EVENTS.replace("colour STRING, ", "")), table(EVENTS)),
    "personal": (table(EVENTS), table(EVENTS + ", date_of_birth STRING")),
    "internal": (table(EVENTS), table(EVENTS + ", dw_batch STRING")),
    "identifier-empty": (people(), people(no_identifier=1)),
    "email-empty": (people(), people(empty__email=1)),
    "email-malformed": (people(), people(malformed__email=1)),
    "email-space": (people(), people(spaced__email=1)),
    "email-capitals": (
        people(spellings__email=90, distinct__email=90),
        people(spellings__email=91, distinct__email=90),
    ),
    "email-long": (people(longest__email=320), people(longest__email=321)),
    "phone-format": (
        table("phone STRING, updated_at TIMESTAMP", {"rows": 9, "not_e164 phone": 0}),
        table("phone STRING, updated_at TIMESTAMP", {"rows": 9, "not_e164 phone": 1}),
    ),
    "klaviyo-id-length": (
        table("klaviyo_id STRING, updated_at TIMESTAMP", {"rows": 9, "wrong_length klaviyo_id": 0}),
        table("klaviyo_id STRING, updated_at TIMESTAMP", {"rows": 9, "wrong_length klaviyo_id": 1}),
    ),
    "merge-by-email": (
        people(pairs=80, paired_emails=80, paired_ids=80),
        people(pairs=81, paired_emails=80, paired_ids=81),
    ),
    "merge-by-external-id": (
        people(pairs=80, paired_emails=80, paired_ids=80),
        people(pairs=81, paired_emails=81, paired_ids=80),
    ),
    "duplicates": (people(distinct__email=100), people(distinct__email=99)),
    "change-empty": (people(), people(empty__updated_at=1)),
    "change-future": (people(), people(future__updated_at=1)),
    "change-volatile": (people(now__updated_at=1), people(now__updated_at=100)),
    "change-newest-many": (
        people(oldest__updated_at="2026-01-01 00:00:00+00:00", at_newest__updated_at=99),
        people(oldest__updated_at="2026-01-01 00:00:00+00:00", at_newest__updated_at=100),
    ),
    "change-history": (
        people(
            rows=20_000,
            oldest__updated_at="2026-01-01 00:00:00+00:00",
            newest__updated_at="2026-01-02 00:00:00+00:00",
        ),
        people(
            rows=20_000,
            oldest__updated_at="2024-01-01 00:00:00+00:00",
            newest__updated_at="2026-01-02 00:00:00+00:00",
        ),
    ),
    "consent-values": (
        table(PROFILES + ", consent STRING", {"rows": 9}),
        table(PROFILES + ", consent STRING", {"rows": 9, "not_consent consent": 1}),
    ),
    "test-domain": (events(), events(test_domain__email=1)),
    "event-empty": (events(), events(empty__event_at=1)),
    "event-too-old": (events(), events(too_old__event_at=1)),
    "event-too-late": (events(), events(too_late__event_at=1)),
    "metric-empty": (events(), events(empty__metric=1)),
    "metric-long": (events(longest__metric=127), events(longest__metric=128)),
    "unique-id-empty": (events(), events(empty__event_id=1)),
    "unique-id-long": (events(longest__event_id=255), events(longest__event_id=256)),
    "unique-id-corrected": (
        events(versions__event_id=100, distinct__event_id=100),
        events(versions__event_id=100, distinct__event_id=99),
    ),
    "unique-id-repeated": (events(distinct__event_id=100), events(distinct__event_id=99)),
    "events-collapse": (
        table(EVENTS.replace("event_id", "shop"), {"rows": 100, "surviving": 100}),
        table(EVENTS.replace("event_id", "shop"), {"rows": 100, "surviving": 99}),
    ),
    "value-empty": (events(), events(empty__value=1)),
    "value-zero": (events(), events(zero__value=1)),
    "value-not-number": (events(), events(not_number__value=1)),
    "currency-unknown": (events(), events(not_currency__currency=1)),
    "boolean-values": (
        table(PROFILES + ", is_vip STRING", {"rows": 9}),
        table(PROFILES + ", is_vip STRING", {"rows": 9, "not_boolean is_vip": 1}),
    ),
    "property-ignored": (events(), events(ignored__colour=1)),
    "string-long": (events(longest_bytes__colour=102_400), events(longest_bytes__colour=102_401)),
    "array-long": (
        table(EVENTS + ", items ARRAY<STRING>", {"rows": 9, "most_items items": 4_000}),
        table(EVENTS + ", items ARRAY<STRING>", {"rows": 9, "most_items items": 4_001}),
    ),
    "event-large": (events(row_bytes=5 * 1024**2), events(row_bytes=5 * 1024**2 + 1)),
    "profile-large": (people(row_bytes=102_400), people(row_bytes=102_401)),
}
"""For each rule a table without objections, and one with."""


def objections(rule: str, facts: TableFacts) -> int:
    return sum(f.rule == rule for f in report_of(facts).findings)


def test_each_rule_has_an_example_and_a_unique_id() -> None:
    assert [rule.id for rule in RULES] == list(dict.fromkeys(rule.id for rule in RULES))
    assert {rule.id for rule in RULES} == set(EXAMPLES)


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_objects_to_the_one_table_and_not_to_the_other(rule: str) -> None:
    good, bad = EXAMPLES[rule]
    assert objections(rule, good) == 0
    assert objections(rule, bad) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_objection_is_a_sentence_about_what_is_there(rule: Any) -> None:
    bad = EXAMPLES[rule.id][1]
    for finding in report_of(bad).findings:
        if finding.rule == rule.id:
            assert str(finding.text).endswith((".", "part", "large"))
            assert finding.column in {"", *(c.name for c in bad.columns), "gone"}
            assert finding.uses


def test_a_good_table_of_profiles_is_ready_for_profiles_and_not_for_events() -> None:
    report = report_of(people(distinct__email=100))
    assert (report.ready[Use.PROFILES], report.ready[Use.EVENTS]) == (Ready.YES, Ready.NO)
    assert report.likely is Use.PROFILES
    assert report.verdict(None) is None


def test_a_good_table_of_events_is_ready_for_events() -> None:
    report = report_of(events(distinct__event_id=100))
    assert report.ready[Use.EVENTS] is Ready.YES
    assert report.likely is Use.EVENTS
    assert [f.rule for f in report.reasons(Use.EVENTS)] == ["sent"]


def test_what_every_row_lacks_makes_a_table_not_ready_and_what_some_lack_only_warns() -> None:
    some, every = report_of(people(malformed__email=1)), report_of(people(malformed__email=100))
    assert (some.ready[Use.PROFILES], some.verdict(Use.PROFILES)) == (Ready.YES, Severity.WARNING)
    assert every.ready[Use.PROFILES] is Ready.NO


def test_a_table_that_got_no_answer_is_unknown_and_one_that_is_refused_is_not_ready() -> None:
    assert set(report_of(replace(people(), problem=OFFLINE)).ready.values()) >= {Ready.UNKNOWN}
    assert report_of(replace(people(), problem=OFFLINE)).ready[Use.PROFILES] is Ready.UNKNOWN
    assert set(report_of(replace(people(), problem=DENIED)).ready.values()) == {Ready.NO}


def test_a_national_phone_number_is_only_warned_of_where_there_is_a_country() -> None:
    text = "phone STRING, country STRING, updated_at TIMESTAMP"
    alone = table("phone STRING, updated_at TIMESTAMP", {"rows": 9, "not_e164 phone": 1})
    with_country = table(text, {"rows": 9, "not_e164 phone": 1})
    assert report_of(alone).ready[Use.PROFILES] is Ready.NO
    assert report_of(with_country).ready[Use.PROFILES] is Ready.YES


def test_a_backfill_with_one_timestamp_for_all_rows_is_no_fault() -> None:
    facts = people(
        oldest__updated_at="2026-01-01 00:00:00+00:00",
        newest__updated_at="2026-01-01 00:00:00+00:00",
        at_newest__updated_at=100,
    )
    assert objections("change-newest-many", facts) == 0


def test_rows_that_are_newer_at_two_checks_in_a_row_are_a_fault() -> None:
    once = replace(people(newer__updated_at=95), last=SEEN)
    twice = replace(once, last=replace(SEEN, all_newer=True))
    grown = replace(people(newer__updated_at=95), last=replace(SEEN, rows=10))
    assert [report_of(f).verdict(Use.PROFILES) for f in (once, twice)] == [Severity.WARNING, Severity.FAIL]
    assert objections("always-newer", grown) == 0


def test_a_view_whose_query_uses_the_current_time_is_warned_of() -> None:
    facts = replace(people(), kind="VIEW", definition="SELECT email, CURRENT_TIMESTAMP() AS updated_at FROM x")
    assert [f.severity for f in report_of(facts).findings if f.rule == "change-volatile"] == [Severity.WARNING]


def test_more_than_400_properties_are_a_fault_and_more_than_300_a_warning() -> None:
    assert report_of(table(wide(310))).ready[Use.EVENTS] is Ready.YES
    assert report_of(table(wide(400))).ready[Use.EVENTS] is Ready.NO


def test_an_export_of_klaviyos_is_found_by_name_by_columns_and_behind_a_view() -> None:
    by_columns = table(
        "id STRING, profile_id STRING, metric_id STRING, datetime TIMESTAMP, event_properties STRING", name="mine"
    )
    assert objections("loop", by_columns) == 1
    assert objections("loop", table(PROFILES, name="klaviyo_event")) == 1
    assert objections("loop", table(PROFILES, name="customers")) == 0


def test_all_rows_hidden_by_a_policy_is_a_fault() -> None:
    assert report_of(replace(people(rows=0), stored=5)).ready[Use.PROFILES] is Ready.NO


def test_the_worst_finding_stands_first_and_marks_its_column() -> None:
    report = report_of(people(malformed__email=1, future__updated_at=1))
    assert [f.severity for f in report.findings][:2] == [Severity.FAIL, Severity.FAIL]
    by_name = {c.name: c for c in report.columns}
    assert by_name["updated_at"].severity is Severity.FAIL
    assert (by_name["email"].severity, by_name["email"].role) == (Severity.WARNING, Role.EMAIL)
    assert Counter(c.role for c in report.columns)[None] == 1


def test_a_hostile_name_stands_in_a_finding_as_it_is() -> None:
    facts = replace(table("email STRING, updated_at TIMESTAMP"), columns=(Column("{0}`'", "BYTES"),), roles={})
    assert any("{0}`'" in str(f.text) for f in report_of(facts).findings)
