"""Which columns are proposed for which role, by name and type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.model.source import Column, Role
from kbq_tui.source.columns import TYPES, base, depth, looks_internal, looks_personal, plain, proposed
from tests.source.facts import EVENTS, PROFILES, columns


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        (PROFILES, {Role.EMAIL: "email", Role.EXTERNAL_ID: "external_id", Role.CHANGED: "updated_at"}),
        ("Email_Address STRING, LastModified TIMESTAMP", {Role.EMAIL: "Email_Address", Role.CHANGED: "LastModified"}),
        ("email INT64, updated_at STRING", {}),
        ("email STRING, metric STRING, day TIMESTAMP, loaded_at TIMESTAMP",
         {Role.EMAIL: "email", Role.METRIC: "metric", Role.CHANGED: "loaded_at", Role.EVENT_TIME: "day"}),
        ("email STRING, day TIMESTAMP, loaded_at TIMESTAMP", {Role.EMAIL: "email", Role.CHANGED: "loaded_at"}),
    ],
)  # fmt: skip
def test_roles_are_proposed_by_name_and_type(text: str, roles: dict[Role, str]) -> None:
    assert proposed(columns(text)) == roles


def test_an_event_has_all_of_its_roles() -> None:
    assert set(proposed(columns(EVENTS))) == {
        Role.UNIQUE_ID, Role.EMAIL, Role.METRIC, Role.EVENT_TIME, Role.VALUE, Role.CURRENCY, Role.CHANGED
    }  # fmt: skip


def test_what_was_chosen_stands_where_it_can() -> None:
    found = columns(PROFILES + ", mail STRING, made TIMESTAMP")
    chosen = {Role.EMAIL: "mail", Role.CHANGED: "first_name", Role.EXTERNAL_ID: "", Role.PHONE: "gone"}
    assert proposed(found, chosen) == {Role.EMAIL: "mail"}


@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["STRING", "INT64", "TIMESTAMP", "ARRAY<INT64>"]))))
def test_a_column_has_one_role_and_a_type_that_fits_it(pairs: list[tuple[str, str]]) -> None:
    found = [Column(name, kind) for name, kind in dict(pairs).items()]
    roles = proposed(found)
    kinds = {c.name: base(c.type) for c in found}
    assert len(set(roles.values())) == len(roles)
    assert all(kinds[name] in TYPES[role] for role, name in roles.items())


@pytest.mark.parametrize(
    ("type_", "levels"),
    [
        ("STRING", 1),
        ("NUMERIC(10, 2)", 1),
        ("ARRAY<STRING>", 2),
        ("STRUCT<a INT64, b STRING>", 2),
        ("ARRAY<STRUCT<a STRUCT<b INT64>, c STRUCT<d INT64>>>", 4),
    ],
)
def test_levels_of_nesting_are_counted(type_: str, levels: int) -> None:
    assert depth(Column("x", type_)) == levels
    assert depth(Column("a___b___x", type_)) == levels + 2


@pytest.mark.parametrize("name", ["date_of_birth", "DOB", "credit_card", "ip_address", "last_name"])
def test_names_that_look_personal(name: str) -> None:
    assert looks_personal(Column(name, "STRING"))


@pytest.mark.parametrize("name", ["ship_date", "tipping", "recipe", "doberman", "colour"])
def test_names_that_do_not(name: str) -> None:
    assert not looks_personal(Column(name, "STRING"))
    assert not looks_internal(Column(name, "STRING"))


@pytest.mark.parametrize("name", ["dw_batch", "_fivetran_id", "row_hash", "margin", "internal_flag"])
def test_names_that_look_internal(name: str) -> None:
    assert looks_internal(Column(name, "STRING"))


@given(st.text())
def test_comparing_names_never_fails(name: str) -> None:
    assert plain(name) == plain(name.upper().lower()) or plain(name)
