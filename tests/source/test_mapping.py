"""The mapping of a table as it is edited: why a column has its role, which ones fit, and what is sent along."""

import pytest

from kbq_tui.model.source import Role
from kbq_tui.source.mapping import mapped_roles, property_of
from tests.source.facts import columns

SHOP = columns("email STRING, phone INT64, kontakt STRING, total NUMERIC, placed TIMESTAMP, updated_at TIMESTAMP")


@pytest.mark.parametrize(
    ("role", "chosen", "column", "why"),
    [
        (Role.EMAIL, {}, "email", "by its name and type"),
        (Role.EVENT_TIME, {}, "placed", "the only other timestamp"),
        (Role.PHONE, {}, "", "phone is INT64, which does not fit"),
        (Role.COUNTRY, {}, "", "no column has such a name"),
        (Role.EMAIL, {Role.EMAIL: "kontakt"}, "kontakt", "you chose it"),
        (Role.EMAIL, {Role.EMAIL: ""}, "", "you chose none"),
        (Role.EMAIL, {Role.EMAIL: "gone"}, "", "you chose gone, which is not there"),
        (Role.EMAIL, {Role.EMAIL: "total"}, "", "you chose total, whose type does not fit"),
    ],
)
def test_each_role_says_why_it_has_its_column(role: Role, chosen: dict[Role, str], column: str, why: str) -> None:
    found = {each.role: each for each in mapped_roles(SHOP, chosen)}
    assert tuple(found) == tuple(Role)
    assert (found[role].column, str(found[role].why)) == (column, why)
    assert found[role].chosen is (role in chosen)


def test_only_columns_of_a_type_that_fits_may_be_chosen() -> None:
    found = {each.role: each.fitting for each in mapped_roles(SHOP, {})}
    assert found[Role.EMAIL] == ("email", "kontakt")
    assert found[Role.CHANGED] == ("placed", "updated_at")
    assert found[Role.EXTERNAL_ID] == ("email", "phone", "kontakt", "total")


@pytest.mark.parametrize(
    ("text", "chosen", "kept", "why"),
    [
        ("city STRING", None, True, "sent along"),
        ("birth_date DATE", None, False, "left out: it looks personal"),
        ("dw_row STRING", None, False, "left out: it looks internal"),
        ("place GEOGRAPHY", None, False, "left out: Klaviyo takes no GEOGRAPHY"),
        ("birth_date DATE", ("birth_date",), True, "you chose it"),
        ("city STRING", (), False, "you left it out"),
    ],
)
def test_a_column_without_a_role_says_whether_it_is_sent_and_why(
    text: str, chosen: tuple[str, ...] | None, kept: bool, why: str
) -> None:
    (column,) = columns(text)
    found = property_of(column, chosen)
    assert (found.kept, str(found.why)) == (kept, why)
