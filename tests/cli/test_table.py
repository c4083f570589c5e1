"""Tables on plain lines are aligned, whatever colours they contain."""

from kbq_tui.cli.table import table


def test_columns_are_as_wide_as_their_longest_cell_and_colours_take_no_room():
    lines = table(
        ("NAME", "STATE", "KEY"), [("shop-eu", "\x1b[31mx fail\x1b[0m", "88 d"), ("a", "ok", "9 d")], right=(2,)
    )
    assert lines == [
        "NAME     STATE    KEY",
        "shop-eu  \x1b[31mx fail\x1b[0m  88 d",
        "a        ok       9 d",
    ]


def test_nothing_stands_behind_the_last_cell():
    assert table(("NAME", "NEXT"), [("a", "kbq-tui setup a"), ("b", "")])[2] == "b"
