"""Each screen in each of its states can be opened, and looks right at both sizes."""

import subprocess
import sys
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.stories.play import STATES, Story, app_of
from tests.stories.shelf import STORIES
from tests.support.polling import PATIENCE
from tests.tui.screens import text_of, until

SCREENS = (
    "welcome",
    "project",
    "datasets",
    "account",
    "permissions",
    "verify",
    "connect",
    "dashboard",
    "list",
    "connection",
    "rotation",
    "tables",
)
BOXES = ("explain", "problem", "pick", "confirm")


def test_every_screen_has_every_state() -> None:
    assert tuple(STORIES) == SCREENS + BOXES
    for screen, states in STORIES.items():
        assert tuple(states) == STATES, screen


async def fits(pilot: Pilot[Any]) -> None:
    app = pilot.app
    width, height = app.size
    lines = text_of(app).split("\n")
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    # A new scroll bar makes content narrower, so it is laid out once more.
    await until(pilot, lambda: not [w for w in app.screen.query("#body, #sheet, #box") if w.max_scroll_x])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("screen", STORIES)
async def test_a_story_shows_its_state_at_both_sizes(screen: str, state: str) -> None:
    story = STORIES[screen][state]
    scene = story.scene()
    app = app_of(scene, story)
    async with app.run_test(size=(80, 24)) as pilot:
        assert await story.play(pilot, PATIENCE), f"never came: {story.shows}\n{text_of(app)}"
        await fits(pilot)
        await pilot.resize_terminal(120, 36)
        await until(pilot, story.shows)
        await fits(pilot)
        for gate in scene.world.gates.values():  # calls that hang on purpose may end now
            gate.set()
    assert app.return_code in (0, None)


@pytest.mark.parametrize("state", ["ready", "unknown", "done"])
async def test_no_grant_is_cut_at_80_columns(state: str) -> None:
    story = STORIES["permissions"][state]
    app = app_of(story.scene(), story)
    async with app.run_test(size=(80, 24)) as pilot:
        assert await story.play(pilot, PATIENCE)

        def whole() -> bool:
            grants = [line for line in text_of(app).splitlines() if "  Job User" in line or "Data Viewer  " in line]
            return len(grants) == 2 and not any(line.endswith("…") for line in grants)

        await until(pilot, whole)  # rows are drawn again once the layout has given them their width


async def test_a_story_that_does_not_come_true_says_so() -> None:
    ready = STORIES["welcome"]["ready"]
    story = Story(ready.about, ready.scene, "this is on no screen")
    app = app_of(story.scene(), story)
    async with app.run_test(size=(80, 24)) as pilot:
        pilot_: Pilot[Any] = pilot  # type: ignore[assignment]
        assert not await story.play(pilot_, 0.0)


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "tests.stories", *words], capture_output=True, text=True)


def test_without_a_name_all_are_listed_and_a_wrong_name_is_refused_with_the_list() -> None:
    listed = run()
    assert listed.returncode == 0
    assert len([line for line in listed.stdout.splitlines() if line.split(" ")[0] in STORIES]) == len(STORIES) * 6
    for words in (("welcome",), ("welcome", "nonsense"), ("nonsense", "ready"), ("welcome", "ready", "more")):
        wrong = run(*words)
        assert wrong.returncode == 2
        assert wrong.stdout == ""
        assert "No such story" in wrong.stderr
        assert "dashboard    done" in wrong.stderr
