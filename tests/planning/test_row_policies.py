"""Which rows a reader gets of a table with row access policies."""

import pytest

from kbq_tui.planning.row_policies import RowPolicy, VisibleRows, letting_in, rows_for

ME = "serviceAccount:a@acme-prod-123.iam.gserviceaccount.com"
CAPITALS = ME.replace(":a@", ":A@")


@pytest.mark.parametrize(
    ("policies", "rows"),
    [
        ([], VisibleRows.ALL),
        ([("TRUE", ME)], VisibleRows.ALL),
        ([("(true)", CAPITALS)], VisibleRows.ALL),
        ([("x > 1", ME), ("TRUE", "allAuthenticatedUsers")], VisibleRows.ALL),
        ([("x > 1", ME), ("TRUE", "user:b@acme.example")], VisibleRows.SOME),
        ([("FALSE", ME)], VisibleRows.NONE),
        ([("( false )", ME), ("TRUE", "user:b@acme.example")], VisibleRows.NONE),
        ([("FALSE", ME), ("TRUE", "group:c@acme.example")], VisibleRows.UNKNOWN),
        ([("FALSE", ME), ("x > 1", "allUsers")], VisibleRows.SOME),
        ([("TRUE", "user:b@acme.example"), ("TRUE", "serviceAccount:b@x.iam.gserviceaccount.com")], VisibleRows.NONE),
        ([("TRUE", "user:b@acme.example"), ("TRUE", "group:c@acme.example")], VisibleRows.UNKNOWN),
        ([("TRUE", "domain:acme.example")], VisibleRows.UNKNOWN),
    ],
)
def test_a_reader_gets_what_the_policies_that_name_it_let_through(
    policies: list[tuple[str, str]], rows: VisibleRows
) -> None:
    assert rows_for(ME, [RowPolicy("p", filter_, (member,)) for filter_, member in policies]) is rows


def test_the_filters_of_a_reader_are_those_of_the_policies_that_name_it() -> None:
    policies = [
        RowPolicy("mine", "x > 1", (ME,)),
        RowPolicy("nothing", "FALSE", (ME,)),
        RowPolicy("others", "TRUE", ("user:b@acme.example",)),
    ]
    assert [policy.name for policy in letting_in(ME, policies)] == ["mine"]
