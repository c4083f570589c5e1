"""What is known of all tables together."""

from hypothesis import given
from hypothesis import strategies as st

from kbq_tui.engine.source.listing import columns_in, twins
from kbq_tui.model.source import Column


def test_columns_are_read_from_their_lines() -> None:
    text = (
        "email\tSTRING\tNO\tNO\t0\nday\tDATE\tYES\tNO\t0\n_PARTITIONTIME\tTIMESTAMP\tNO\tYES\t0\nssn\tSTRING\tNO\tNO\t1"
    )
    columns, partition = columns_in(text)
    assert columns == (Column("email", "STRING"), Column("day", "DATE"), Column("ssn", "STRING", tagged=True))
    assert partition == Column("day", "DATE")


def test_a_hidden_column_may_be_what_a_table_is_partitioned_by() -> None:
    columns, partition = columns_in("_PARTITIONTIME\tTIMESTAMP\tYES\tYES\t0")
    assert (columns, partition) == ((), Column("_PARTITIONTIME", "TIMESTAMP"))


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    columns_in(text)


def test_twins_differ_in_capitals_alone() -> None:
    assert twins(["Orders", "orders", "people"]) == {"Orders": "orders", "orders": "Orders"}
