"""The screen as text, and waiting for what it should say."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from kbq_tui.tui import _textual_compat
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.display_options import DisplayOptions
from tests.support import polling
from tests.support.polling import PATIENCE
from tests.tui.fakes import Scene


def text_of(app: App[Any]) -> str:
    """Return what stands on the screen, line by line."""
    return _textual_compat.screen_text(app)


async def until(pilot: Pilot[Any], what: str | Callable[[], bool], seconds: float = PATIENCE) -> str:
    """Wait until the screen says something, or something holds. Fails with the screen's text."""
    holds = what if callable(what) else partial(_shows, pilot.app, what)

    async def turn() -> None:
        await asyncio.sleep(0.01)
        await pilot.pause()

    await pilot.pause()
    await polling.until(holds, lambda: f"never came: {what}\n{text_of(pilot.app)}", seconds, turn)
    return text_of(pilot.app)


def _shows(app: App[Any], text: str) -> bool:
    return text in text_of(app)


def app_for(scene: Scene, look: DisplayOptions | None = None, start: str = "setup") -> KbqApp:
    return build(scene.services(), look or DisplayOptions(), start=start)  # type: ignore[arg-type]
