"""Text that does not fit on a line continues below; only what is complete elsewhere is cut."""

from collections.abc import Iterator
from functools import partial

import pytest
from rich.cells import cell_len
from textual.content import Content

from kbq_tui.diagnosis import catalogue
from kbq_tui.engine.verify.checks import expected
from kbq_tui.i18n import language
from kbq_tui.i18n.messages import render
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.problem import Context
from kbq_tui.model.steps import Step
from kbq_tui.tui.check_table import verdicts
from kbq_tui.tui.modals.problem import ProblemSheet
from kbq_tui.tui.text import HANGING_INDENT, fitted, wrapped
from kbq_tui.tui.widgets.rows import Row, Rows
from tests.stories.play import STATES, app_of
from tests.stories.shelf import STORIES
from tests.support.polling import PATIENCE
from tests.tui import fakes
from tests.tui.screens import app_for, on, read, run_checks, signed_in, text_of, until

SIZE = (80, 24)
LEAST = (60, 16)
SCREENS = ("welcome", "project", "datasets", "account", "permissions", "connect", "dashboard")
ADDRESS = "klaviyo-data-transfer-user@acme-analytics-prod.iam.gserviceaccount.com"


@pytest.mark.parametrize("width", [20, 33, 57, 78, 200])
@pytest.mark.parametrize("text", [f"+ create   Create account {ADDRESS}", "+ create   " + "x" * 99, "漢字 " * 40])
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    lines = wrapped(Content(text), width, 11)
    assert all(line.cell_length <= width for line in lines)
    assert "".join("".join(line.plain.split()) for line in lines) == "".join(text.split())
    assert lines[0].plain.startswith(text[:11].rstrip())


def test_a_text_goes_on_below_itself_unless_a_word_is_too_long_for_that() -> None:
    short = wrapped(Content("+ create   one two three four"), 20, 11)
    assert [line.plain for line in short] == ["+ create   one two", " " * 11 + "three", " " * 11 + "four"]
    long = wrapped(Content(f"+ create   Create {ADDRESS}"), 78, 11)
    assert [line.plain for line in long] == ["+ create   Create", " " * HANGING_INDENT + ADDRESS]
    alone = wrapped(Content(f"+ create   {ADDRESS} too"), 78, 11)
    assert [line.plain for line in alone] == ["+ create", " " * HANGING_INDENT + ADDRESS + " too"]


def cut(screen: str) -> list[str]:
    """The lines that end with an ellipsis; the path through Klaviyo's menu has one of ours."""
    lines = [s.rstrip(" │▁▂▃▄▅▆▇█") for s in screen.splitlines()]
    return [s for s in lines if s.endswith("…") and not s.endswith("→ …")]


@pytest.mark.parametrize("size", [SIZE, LEAST], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("screen", SCREENS)
async def test_no_screen_cuts_anything(screen: str, state: str, size: tuple[int, int]) -> None:
    story = STORIES[screen][state]
    scene = story.scene()
    app = app_of(scene, story)
    async with app.run_test(size=SIZE) as pilot:
        assert await story.play(pilot, PATIENCE), text_of(app)
        await pilot.resize_terminal(*size)  # in the smallest window, the awaited text may be further down
        await until(pilot, lambda: cut(text_of(app)) == [])
        for gate in scene.world.gates.values():
            gate.set()


@pytest.fixture(params=["en", "de"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    language.speak(request.param)
    yield request.param
    language.speak("en")


@pytest.mark.usefixtures("spoken")
@pytest.mark.parametrize("step", list(Step))
async def test_no_row_is_cut_in_the_least_window(step: Step) -> None:
    app = app_for(fakes.resumed(step, fakes.no_permission()))
    async with app.run_test(size=LEAST) as pilot:
        if step is Step.VERIFY:
            await run_checks(pilot)
        await until(pilot, lambda: not app.wizard.busy and app.wizard.looked is not None)
        await until(pilot, lambda: step is not Step.VERIFY or app.wizard.verified)
        await pilot.pause()
        for rows in app.screen.query(Rows):
            width = rows.content_size.width
            lines = [line for row in rows.rows for line in row.lines(width)]
            assert all(line.cell_length <= width for line in lines)
        if step is Step.VERIFY:
            assert verdicts(app.wizard.results, len(app.wizard.results)) in text_of(app)
            assert all(button.region.right <= LEAST[0] for button in app.screen.query("#buttons Button"))


async def test_of_a_failed_check_the_cause_is_whole_and_of_a_passed_one_what_the_article_says() -> None:
    story = STORIES["verify"]["error"]
    app = app_of(story.scene(), story)
    async with app.run_test(size=SIZE) as pilot:
        assert await story.play(pilot, PATIENCE), text_of(app)
        rows = app.screen.query_one("#checks", Rows)
        checks = {check.id: check for check in expected(fakes.SPEC)}

        def told(number: int) -> bool:
            if number >= len(rows.rows):  # verdicts and details still come in
                return app.wizard.verified
            row = rows.rows[number]
            below = app.screen.query_one("#detail").region.y
            detail = " ".join(" ".join(text_of(app).splitlines()[below:]).split())
            if row.id not in checks:  # several checks that passed
                return "exists" in detail or len(detail) > 40
            whole = render(row.problem.cause if row.problem is not None else checks[row.id].why)
            return whole in detail and (row.problem is None or "Remedy" in detail)

        for number in range(len(rows.rows)):
            rows.cursor = number
            await until(pilot, partial(told, number))


async def test_the_cursor_stands_on_the_row_even_below_wrapped_ones() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.no_permission()))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, read())
        rows = app.screen.query_one("#findings", Rows)
        rows.focus()
        await pilot.press("home")
        for row in rows.rows:
            await pilot.pause()
            line = text_of(app).splitlines()[app.cursor_position.y].strip("│ ")
            assert line.split()[:2] == row.content.plain.split()[:2]
            assert row.content.plain.split()[2] in line
            await pilot.press("down")


def test_a_row_that_may_be_cut_is_one_line() -> None:
    assert len(Row("x", Content("y" * 200)).lines(20)) == 1
    assert len(Row("x", Content("y" * 200), whole=0).lines(20)) > 1


async def test_the_text_for_another_person_has_the_command_for_each_dataset() -> None:
    app = app_for(fakes.resumed(Step.PROJECT, fakes.no_permission()))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, read())
        app.screen.query_one("#findings", Rows).focus()
        await pilot.press("home", "enter")
        await until(pilot, on(ProblemSheet))
        sheet = app.screen
        assert isinstance(sheet, ProblemSheet)
        assert "KLAVIYO_IMPORT_FROM_DWH" in sheet.message
        assert "KLAVIYO_TMP" in sheet.message


async def test_a_picker_without_an_answer_says_what_to_do_and_tries_again() -> None:
    scene = fakes.resumed(Step.PROJECT, fakes.blank())
    scene.world.forever["search_projects"] = catalogue.problem(Code.GOOGLE_UNAVAILABLE, Context())
    app = app_for(scene)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, signed_in())
        await pilot.press("f7")
        shown = await until(pilot, "Remedy")
        assert "Who" in shown
        assert "F5 Try again" in shown
        scene.world.forever.clear()
        await pilot.press("f5")
        await until(pilot, "found")


@pytest.mark.parametrize(
    "text", ["✗ " + "word " * 80, "✗ /a/long/path" + "/folder" * 40, "✗ " + "語" * 200, "✗ " + "x" * 200]
)
def test_a_fitted_text_has_its_lines_and_a_mark_of_what_is_left_out(text: str) -> None:
    lines = fitted(Content(text), 78, 2, first=2).plain.split("\n")
    assert len(lines) == 2
    assert all(cell_len(line) <= 78 for line in lines)
    assert len(lines[0]) > 2
    assert "…" in lines[1]
    assert lines[1].rstrip().endswith(text.rstrip()[-10:])


@pytest.mark.parametrize("text", ["", "✓ short", "word " * 15, "y" * 156, "✓ " + "语" * 77])
def test_a_text_that_fits_is_whole(text: str) -> None:
    shown = fitted(Content(text), 78, 2, first=2).plain
    assert shown.replace("\n", "").replace(" ", "") == text.replace(" ", "")
