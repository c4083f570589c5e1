"""The proposed view: its SQL always parses, quotes every identifier, and has exactly the mapped columns."""

import re

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from kbq_tui.model.source import Column, Ready, Role, TableFacts, Use
from kbq_tui.source.columns import proposed, struct_fields
from kbq_tui.source.rules import report_of
from kbq_tui.source.view_sql import NAMES, NoViewError, create_view, kept_properties, view_columns, view_query
from tests.source.facts import EVENTS, PROFILES, columns, table
from tests.source.test_content_sql import tables

KINDS = {Role.CHANGED: "TIMESTAMP", Role.EVENT_TIME: "TIMESTAMP", Role.VALUE: "NUMERIC"}
"""The types of a view's columns with a role; all others are STRING."""


@given(tables(), st.sampled_from(Use))
def test_the_statement_always_parses_and_quotes_every_name(facts: TableFacts, use: Use) -> None:
    try:
        statement = create_view(("acme", "IMPORT", "v"), view_query(facts, use, kept_properties(facts)))
    except NoViewError:
        return
    tree = sqlglot.parse_one(statement, dialect="bigquery")
    assert isinstance(tree, exp.Create)
    assert isinstance(tree.expression, exp.Select)
    assert [i.name for i in tree.find_all(exp.Identifier) if not i.args.get("quoted")] == []
    assert not list(tree.find_all(exp.Star))
    names = [select.alias_or_name for select in tree.expression.selects]
    assert len({name.lower() for name in names}) == len(names)


@given(tables(), st.sampled_from(Use))
def test_a_view_has_the_mapped_columns_and_no_other(facts: TableFacts, use: Use) -> None:
    found = view_columns(facts, use, kept_properties(facts, ()))
    assert {c.name for c in found} <= set(NAMES.values())


@given(tables(), st.sampled_from([Use.PROFILES, Use.EVENTS]))
def test_the_source_check_finds_the_roles_of_a_view_by_its_names(facts: TableFacts, use: Use) -> None:
    made = {name: role for role, name in NAMES.items() if role in facts.roles}
    text = ", ".join(f"{name} {KINDS.get(role, 'STRING')}" for name, role in made.items())
    assert proposed(columns(text)) == {role: name for name, role in made.items()}


def type_in_view(sql: str, facts: TableFacts) -> str:
    """Return the type of a property of a view."""
    if sql.startswith(("CAST(", "TO_JSON_STRING(")):
        return "STRING"
    if sql.startswith("TIMESTAMP("):
        return "TIMESTAMP"
    first, *fields = re.findall(r"`([^`]+)`", sql)
    kind = next(c.type for c in facts.columns if c.name == first)
    for field in fields:
        kind = dict(struct_fields(kind))[field]
    return kind


@given(tables(), st.sampled_from([Use.PROFILES, Use.EVENTS]))
def test_the_source_check_finds_nothing_wrong_with_the_columns_of_a_view(facts: TableFacts, use: Use) -> None:
    properties = kept_properties(facts)
    try:
        view_query(facts, use, properties)
    except NoViewError:
        return
    of_roles = {NAMES[role]: KINDS.get(role, "STRING") for role in facts.roles}
    columns = tuple(
        Column(c.name, of_roles.get(c.name) or type_in_view(c.sql, facts)) for c in view_columns(facts, use, properties)
    )
    view = report_of(TableFacts(("acme", "IMPORT", "v"), "VIEW", columns, proposed(columns)))
    assert view.ready[use] is Ready.YES
    mended = {"change-datetime", "event-datetime", "date-column", "nested-in-profile", "nested-too-deep", "value-text",
              "type-unsupported"}  # fmt: skip
    assert mended & {finding.rule for finding in view.reasons(use)} == set()


def test_a_view_of_profiles_keeps_the_newest_row_of_each_identifier() -> None:
    query = view_query(table(PROFILES), Use.PROFILES, ())
    assert "PARTITION BY `email` ORDER BY `updated_at` DESC) = 1" in query
    assert "PARTITION BY `external_id` ORDER BY `updated_at` DESC) = 1" in query


def test_structures_become_columns_as_the_use_wants_them() -> None:
    facts = table(EVENTS + ", item STRUCT<sku STRING; price STRUCT<net NUMERIC>>, day DATE, tags ARRAY<STRING>")
    names = {c.name: c.sql for c in view_columns(facts, Use.EVENTS, kept_properties(facts))}
    assert names["item___price___net"] == "`item`.`price`.`net`"
    assert names["day"] == "CAST(`day` AS STRING)"
    assert names["tags"] == "TO_JSON_STRING(`tags`)"


def test_what_looks_personal_or_internal_is_left_out_unless_it_is_chosen() -> None:
    facts = table(EVENTS + ", date_of_birth STRING, dw_batch STRING")
    assert [c.name for c in kept_properties(facts)] == ["colour"]
    assert [c.name for c in kept_properties(facts, ("dw_batch",))] == ["dw_batch"]


def test_a_property_gives_way_to_the_column_of_a_role() -> None:
    facts = table("mail STRING, email INT64, updated_at TIMESTAMP")
    assert [c.name for c in view_columns(facts, Use.PROFILES, kept_properties(facts))] == [
        "email",
        "updated_at",
        "email_",
    ]


@pytest.mark.parametrize("text", ["first_name STRING, updated_at TIMESTAMP", "email STRING, first_name STRING"])
def test_without_identifier_or_change_timestamp_there_is_no_view(text: str) -> None:
    with pytest.raises(NoViewError, match="identifier"):
        view_query(table(text), Use.PROFILES, ())


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("STRUCT<a INT64, b STRUCT<c NUMERIC(9, 2)>>", (("a", "INT64"), ("b", "STRUCT<c NUMERIC(9, 2)>"))),
        ("STRUCT<`a b` ARRAY<INT64>>", (("a b", "ARRAY<INT64>"),)),
        ("STRUCT<INT64, STRING>", ()),
        ("STRING", ()),
    ],
)  # fmt: skip
def test_fields_of_a_structure_are_read_from_its_type(type_: str, fields: tuple[tuple[str, str], ...]) -> None:
    assert struct_fields(type_) == fields
