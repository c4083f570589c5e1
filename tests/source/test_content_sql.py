"""The content query: it always parses, quotes every identifier, and names its columns."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from kbq_tui.model.source import Column, Seen, TableFacts
from kbq_tui.source.bad_rows_sql import bad_rows_query, masked, rows_in
from kbq_tui.source.columns import proposed
from kbq_tui.source.content_sql import content_query, newest_partitions
from tests.source.facts import EVENTS, NOW, PROFILES, table

NAMES = st.text(st.characters(blacklist_characters=".`\\\n\r\x00", blacklist_categories=("Cs", "Cc")), min_size=1)
"""Any name that can be quoted. BigQuery has no dot in a column's name."""
KNOWN = st.sampled_from(
    ["email", "phone", "external_id", "klaviyo_id", "updated_at", "event_at", "metric", "event_id", "value", "currency",
     "consent", "country", "is_vip", "colour"]
)  # fmt: skip
TYPES = st.sampled_from(
    ["STRING", "INT64", "FLOAT64", "NUMERIC(10, 2)", "TIMESTAMP", "DATETIME", "DATE", "BOOL", "BYTES", "JSON",
     "ARRAY<STRING>", "STRUCT<a INT64, b STRING>", "ARRAY<STRUCT<a INT64>>"]
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> TableFacts:
    """Return a table with any columns, some with meaningful names."""
    found = draw(st.dictionaries(NAMES | KNOWN, TYPES, max_size=12))
    columns = tuple(Column(name, kind) for name, kind in found.items())
    last = draw(st.none() | st.just(Seen(NOW, 1, {}, NOW - timedelta(days=1))))
    return TableFacts(("acme", "IMPORT", draw(NAMES)), "TABLE", columns, proposed(columns), last=last)


def unquoted(tree: exp.Expr) -> list[str]:
    """Return the identifiers from a table that are not quoted; our own are m0, k, r, x."""
    own = {"x", "k", "r"}
    return [
        i.name
        for i in tree.find_all(exp.Identifier)
        if not i.args.get("quoted") and i.name not in own and not (i.name[:1] == "m" and i.name[1:].isdigit())
    ]


@given(tables())
def test_the_query_always_parses_and_quotes_every_name(facts: TableFacts) -> None:
    query = content_query(facts)
    tree = sqlglot.parse_one(query.sql, dialect="bigquery")
    assert isinstance(tree, exp.Select)
    assert unquoted(tree) == []
    assert not list(tree.find_all(exp.Star)) or all(isinstance(s.parent, exp.Count) for s in tree.find_all(exp.Star))
    assert len(tree.selects) == len(query.cells) == len(set(query.cells))
    there = {c.name for c in facts.columns}
    assert {c.name for c in tree.find_all(exp.Column) if c.this.args.get("quoted")} <= there


@given(tables())
def test_the_query_for_bad_rows_always_parses_and_quotes_every_name(facts: TableFacts) -> None:
    if statement := bad_rows_query(facts, 10):
        assert unquoted(sqlglot.parse_one(statement, dialect="bigquery")) == []


@pytest.mark.parametrize("name", ["a`b", "a\\b", "a\nb", ""])
def test_a_name_that_could_end_the_quoting_is_refused(name: str) -> None:
    facts = table(EVENTS)
    with pytest.raises(ValueError, match="identifier"):
        content_query(replace(facts, path=("acme", "IMPORT", name)))


def test_closed_columns_are_not_read() -> None:
    query = content_query(replace(table(PROFILES), closed=frozenset({"email", "first_name"})))
    assert "`email`" not in query.sql
    assert "`first_name`" not in query.sql
    assert "`external_id`" in query.sql


def test_a_part_of_the_rows_is_read_by_partition_or_by_sample() -> None:
    facts = replace(table(EVENTS), partition=Column("loaded_at", "TIMESTAMP"))
    where = newest_partitions(facts, 7)
    assert where == "`loaded_at` >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 7 DAY)"
    assert content_query(facts, where=where).sql.rstrip(")").endswith(where.rstrip(")"))
    assert "TABLESAMPLE SYSTEM (5 PERCENT)" in content_query(facts, sample=5).sql
    assert newest_partitions(table(EVENTS), 7) == ""
    assert newest_partitions(replace(facts, partition=Column("n", "INT64")), 7) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("jane.doe@example.com", "j***@e***.com"),
        (" jane@mail.example.co.uk", "j***@m***.uk"),
        ("+4915112345678", "+***"),
        ("", "***"),
        ("a@b", "a***@b***"),
    ],
)
def test_a_key_is_masked(value: str, shown: str) -> None:
    assert masked(value) == shown


@given(st.text(min_size=4))
def test_a_masked_key_never_holds_more_than_its_ends(value: str) -> None:
    assert len(masked(value).replace("*", "")) <= 2 + len(value.rpartition(".")[2]) + 3


def test_bad_rows_are_read_from_the_answer() -> None:
    (row,) = rows_in("t", [("a@b.com", "email-space change-future"), ])  # fmt: skip
    assert (row.key, row.rules) == ("a@b.com", ("email-space", "change-future"))
