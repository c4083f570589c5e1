"""Frames and their places: as high as their content, with the buttons right below, and a second pane beside them."""

import pytest
from textual.content import Content

from kbq_tui.model.steps import Step
from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.widgets.page import titled
from kbq_tui.tui.widgets.static import QuietStatic
from tests.stories.play import app_of
from tests.stories.shelf import STORIES
from tests.support.polling import PATIENCE
from tests.tui import fakes
from tests.tui.screens import app_for, on, text_of, until

LONG = "A title that is much longer than any frame has room for, and whose end matters: klaviyo.json"


def idle(app: KbqApp) -> bool:
    return not app.wizard.busy and app.wizard.current


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("title", ["Plan", LONG])
@pytest.mark.parametrize(
    "state", ["", "███████░░░ 2/3", "Looked at 10:15:30 UTC · resting: another window has the focus", LONG]
)
def test_a_title_and_a_state_fit_in_the_edge(title: str, state: str, width: int) -> None:
    shown = titled(Content(title), Content(state), width)
    assert shown.cell_length <= width - 4
    if len(title) + len(state) + 8 <= width:
        assert shown.plain.startswith(title)
        assert shown.plain.endswith(state or title)


def test_a_title_that_is_too_long_keeps_its_beginning() -> None:
    assert titled(Content(LONG), Content("2/3"), 40).plain.startswith("A title that is")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (300, 60)])
@pytest.mark.parametrize("step", list(Step))
async def test_buttons_stand_right_below_the_frame_and_the_second_pane_right_beside_it(
    step: Step, size: tuple[int, int]
) -> None:
    app = app_for(fakes.resumed(step, fakes.complete()))
    async with app.run_test(size=size) as pilot:
        await until(pilot, on(step))
        await until(pilot, lambda: not app.wizard.busy)
        body, buttons = app.screen.query_one("#body").region, app.screen.query_one("#buttons").region
        assert body.width <= 120
        about = [w.region.height for w in app.screen.query("#about, #detail") if w.display]
        assert buttons.y == body.bottom + sum(about)
        side = app.screen.query("#side")
        assert bool(side) is (size[0] >= 120)
        if side:
            beside = side.first().region
            assert (beside.x, beside.y) == (body.right, body.y)
            assert beside.right <= size[0]


async def test_where_there_is_no_room_the_frame_scrolls_and_the_buttons_stay() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.complete()))
    async with app.run_test(size=(60, 16)) as pilot:
        await until(pilot, lambda: idle(app))
        body, buttons = app.screen.query_one("#body"), app.screen.query_one("#buttons")
        assert body.max_scroll_y > 0
        assert body.region.bottom <= buttons.region.y < 14


async def test_in_the_smallest_window_neither_the_frame_nor_what_is_said_under_it_takes_all() -> None:
    story = STORIES["permissions"]["error"]
    app = app_of(story.scene(), story)
    async with app.run_test(size=(60, 16)) as pilot:
        assert await story.play(pilot, PATIENCE), text_of(app)
        about, buttons = app.screen.query_one("#about").region, app.screen.query_one("#buttons").region
        assert app.screen.query_one("#body").region.height >= 5
        assert about.height >= 2
        assert buttons.y == about.bottom < 14


async def test_in_ascii_the_frame_is_drawn_with_plus_minus_and_bar() -> None:
    app = app_for(fakes.resumed(Step.DATASETS, fakes.complete()), DisplayOptions(ascii=True))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await until(pilot, lambda: idle(app))
        top = next(line for line in shown.splitlines() if "Step 2 of 6" in line)
        assert top.startswith("+- Step 2 of 6")
        assert top.endswith("-+")
        assert shown.isascii()


async def test_a_frame_has_no_scroll_bar_where_there_is_room_and_its_bar_takes_no_cell_of_the_text() -> None:
    app = app_for(fakes.resumed(Step.CONNECT, fakes.complete()), DisplayOptions(host="olga@bastion-2"))
    async with app.run_test(size=(80, 16)) as pilot:
        await until(pilot, lambda: idle(app) and app.screen.query_one("#body").max_scroll_y > 0)
        body, more = app.screen.query_one("#body"), app.screen.query_one("#more", QuietStatic)
        width = more.size.width
        assert all(line.cell_length <= width for line in more.shown.split("\n"))
        await pilot.resize_terminal(80, 60)
        await until(pilot, lambda: body.max_scroll_y == 0 and not body.show_vertical_scrollbar)
        assert more.size.width == width
        assert more.region.bottom == body.content_region.bottom
