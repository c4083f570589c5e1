"""A story: how a screen is brought into a state, and what it shows then."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from textual.pilot import Pilot

from kbq_tui.tui import _textual_compat
from kbq_tui.tui.app import KbqApp, Start, build
from kbq_tui.tui.display_options import DisplayOptions
from tests.stories.scene import Scene
from tests.support.polling import until

STATES: Final = ("empty", "loading", "ready", "unknown", "error", "done")
RequestedAction = str | Callable[[KbqApp], object]
"""Keys to press, separated by spaces; or something done to the app."""


@dataclass(frozen=True, slots=True)
class Story:
    """One screen in one state.

    Attributes:
        about: what is shown, in a few words.
        scene: creates the world and the machine in memory.
        shows: a text on the screen once it is in its state.
        moves: how it gets there: as soon as the first text is on the screen, the second is done.
        start: the guided set-up, or the dashboard.
    """

    about: str
    scene: Callable[[], Scene]
    shows: str
    moves: tuple[tuple[str, RequestedAction], ...] = ()
    start: Start = "setup"

    async def play(self, pilot: Pilot[Any], patience: float) -> bool:
        """Bring the app into the story's state. Returns False if something did not come in `patience` seconds."""
        app = pilot.app
        assert isinstance(app, KbqApp)
        for mark, deed in self.moves:
            if not await _seen(pilot, mark, patience):
                return False
            if isinstance(deed, str):
                await pilot.press(*deed.split())
            else:
                deed(app)
        return await _seen(pilot, self.shows, patience)


async def _seen(pilot: Pilot[Any], mark: str, patience: float) -> bool:
    async def turn() -> None:
        await asyncio.sleep(0.01)
        await pilot.pause()

    with contextlib.suppress(AssertionError):
        await until(lambda: mark in _textual_compat.screen_text(pilot.app), seconds=patience, turn=turn)
    return mark in _textual_compat.screen_text(pilot.app)


def app_of(scene: Scene, story: Story, look: DisplayOptions | None = None) -> KbqApp:
    """Return the app in which a story is played."""
    return build(scene.services(), look or DisplayOptions(), start=story.start)


def show(story: Story) -> int:
    """Play a story in this terminal, and leave it to the developer. Returns an exit status."""
    app = app_of(story.scene(), story)

    async def play(pilot: Pilot[Any]) -> None:
        await story.play(pilot, 10.0)

    app.run(auto_pilot=play)
    return app.return_code or 0
