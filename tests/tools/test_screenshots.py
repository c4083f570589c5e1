"""The pictures show the present screens, all of them, and README shows only such."""

import json
import re

import pyte
import pytest

from kbq_tui.model.steps import Step
from kbq_tui.tui.widgets.static import MessageLine
from tests.tools import screenshots
from tests.tools.recording import STANDS
from tests.tools.screenshots import (
    FOLDER,
    KINDS,
    LOOKS,
    NAMES,
    RECORDING,
    SIZE,
    STRIPS,
    WALKS,
    content,
    pictures,
    recording_of,
    strip,
)

STALE = "out of date: make screenshots, look at it, and commit it"


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SHOW_AFTER", "PERIOD"):
        monkeypatch.setattr(MessageLine, name, getattr(MessageLine, name))
    monkeypatch.delenv("NO_COLOR", raising=False)
    screenshots.hold_still()


def kept(name: str) -> str:
    path = FOLDER / f"{name}.svg"
    assert path.exists(), f"{path.name} is missing: make screenshots"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kinds", LOOKS, ids="-".join)
@pytest.mark.parametrize("scenario", WALKS)
@pytest.mark.usefixtures("still")
async def test_the_pictures_show_the_screens_as_they_are(scenario: str, kinds: tuple[str, ...]) -> None:
    recording = recording_of(scenario, kinds)
    drawn = await pictures(scenario, kinds, recording)
    assert drawn
    if recording is not None:
        assert (FOLDER / RECORDING).read_text(encoding="utf-8") == recording.text(), f"{RECORDING} is {STALE}"
    for name, svg in drawn.items():
        assert content(kept(name)) == content(svg), f"{name}.svg is {STALE}"


@pytest.mark.parametrize("theme", STRIPS)
def test_the_strip_is_made_of_the_six_steps(theme: str) -> None:
    steps = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob(f"*-{theme}.svg")}
    assert kept(f"steps-{theme}") == strip(theme, steps), f"steps-{theme}.svg is {STALE}"


def test_every_screen_is_pictured_and_nothing_else_lies_there() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert {screen.value for screen in Step} | {"welcome", "dashboard"} < set(NAMES)
    names = {f"{name}-{kind}" for name in NAMES for kind in KINDS} | {f"steps-{theme}" for theme in STRIPS}
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.svg" for name in names} | {RECORDING}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 6_000_000


def test_a_player_of_the_recording_shows_the_set_up_from_the_welcome_to_the_values() -> None:
    head, *lines = map(json.loads, (FOLDER / RECORDING).read_text(encoding="utf-8").splitlines())
    assert (head["version"], head["width"], head["height"]) == (2, *SIZE)
    screen = pyte.Screen(*SIZE)
    stream, shown = pyte.Stream(screen), list[str]()
    for at, kind, sent in lines:
        assert kind == "o"
        assert at == len(shown) * STANDS
        stream.feed(sent)
        shown.append("\n".join(screen.display))
    assert "kbq-tui" in shown[0]
    assert all(any(f"Step {n} of 6" in screen for screen in shown) for n in range(1, 7))
    assert "each check is ok" in shown[-1]
    assert not re.search(r"127\.0\.0\.1|/root|/tmp|/work", "".join(shown))


def test_a_picture_fetches_nothing_and_tells_nothing_of_the_machine() -> None:
    for path in FOLDER.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"url\(\"?http|href=|@import", text), path.name
        assert not re.search(r"127\.0\.0\.1|/root|/tmp|/work", text), path.name


def test_a_change_of_a_word_of_its_place_or_of_its_colour_is_seen_and_a_change_of_a_name_is_not() -> None:
    svg = kept("welcome-dark")
    same = content(svg)
    assert len(same) > 20
    assert content(svg.replace("welcome-dark-r", "other-r")) == same
    for old, new in (("Begin", "Start"), ('y="44.4"', 'y="68.8"'), ("fill: #7cc4ff", "fill: #7cc4fe")):
        assert old in svg
        assert content(svg.replace(old, new)) != same
