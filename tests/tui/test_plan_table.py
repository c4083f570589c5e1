"""A step's table: one line for each thing, in columns if they fit, and otherwise without losing anything."""

import pytest
from textual.content import Content

from kbq_tui.model.steps import Step
from kbq_tui.tui.glyphs import Tone
from kbq_tui.tui.plan_table import PlanLine, plan_table
from kbq_tui.tui.presenters import short_role
from kbq_tui.tui.text import bar
from tests.tui import fakes
from tests.tui.screens import app_for, text_of, until

LINES = [
    PlanLine("a", "project acme", "none", "Job User", Tone.GRANT),
    PlanLine("b", "dataset KLAVIYO_IMPORT_FROM_DWH", "?", "Data Viewer", Tone.UNKNOWN, "You may not see that"),
]


def _text(width: int) -> tuple[str, list[str]]:
    head, rows = plan_table(LINES, width)
    return head.plain, [line.plain for row in rows for line in row.lines(width)]


def test_where_there_is_room_it_has_columns_and_the_reason_beside() -> None:
    head, lines = _text(100)
    assert head.split() == ["ON", "NOW", "WANTED"]
    assert [line.index(word) for line, word in zip(lines, ("none", "?"), strict=True)] == [head.index("NOW")] * 2
    assert lines[1].endswith("? unknown You may not see that")


def test_a_reason_that_does_not_fit_stands_below() -> None:
    _, lines = _text(76)
    assert lines[2] == "  You may not see that"


def test_without_room_for_columns_it_is_a_list_that_says_the_same() -> None:
    head, lines = _text(50)
    assert head == ""
    for word in ("project acme", "now none", "wanted Job User", "You may not see that"):
        assert word in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [20, 40, 60, 76, 116])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    assert all(Content(line).cell_length <= width for line in _text(width)[1])


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("roles/bigquery.dataViewer", "Data Viewer"),
        ("roles/bigquery.jobUser", "Job User"),
        ("roles/owner", "owner"),
        ("projects/p/roles/readerOfAll", "projects/p/roles/readerOfAll"),
        ("", "authorized"),
    ],
)
def test_a_role_of_bigquery_is_called_as_in_the_console(role: str, shown: str) -> None:
    assert short_role(role) == shown


@pytest.mark.parametrize(
    ("done", "all_", "shown"), [(0, 3, "░" * 10), (2, 3, "██████░░░░"), (3, 3, "█" * 10), (0, 0, "░" * 10)]
)
def test_a_bar_is_as_full_as_what_is_done(done: int, all_: int, shown: str) -> None:
    assert bar(done, all_).plain == f"{shown} {done}/{all_}"


async def test_each_grant_is_said_once_before_and_after() -> None:
    app = app_for(fakes.resumed(Step.PERMISSIONS, fakes.complete()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "in place")
        assert text_of(app).count("KLAVIYO_IMPORT_FROM_DWH") == 1
