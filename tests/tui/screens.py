"""Waits for a state of the screens: which one is shown, its widgets, its text.

A walk through the screens waits for screens and widgets (`on`, `button`, `to_do`, `goes_on`, `looked`). It waits for a
text only if that text is what is tested.
"""

import asyncio
from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from kbq_tui.model.steps import Step
from kbq_tui.tui import _textual_compat
from kbq_tui.tui.app import KbqApp, build
from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.widgets.button import Button
from tests.support import polling
from tests.support.polling import PATIENCE
from tests.tui.fakes import Scene


def text_of(app: App[Any]) -> str:
    """Return the text on the screen, line by line."""
    return _textual_compat.screen_text(app)


@dataclass(frozen=True)
class ScreenState:
    """A state of the screens that a test waits for.

    Attributes:
        name: its name in the message of a failed wait.
        holds: whether the app is in it.
    """

    name: str
    holds: Callable[[Any], bool]


def on(screen: type[Screen[Any]] | Step) -> ScreenState:
    """A screen or a modal is shown and laid out; a step stands for its screen."""
    if isinstance(screen, Step):
        return ScreenState(f"step {screen}", lambda app: _step_of(app) is screen and _drawn(app.screen))
    return ScreenState(screen.__name__, lambda app: isinstance(app.screen, screen) and _drawn(app.screen))


def closed(screen: type[Screen[Any]]) -> ScreenState:
    """No such screen or modal is shown any more."""
    return ScreenState(
        f"no {screen.__name__}", lambda app: not any(isinstance(each, screen) for each in app.screen_stack)
    )


def gone(id_: str) -> ScreenState:
    """The screen shows no widget with this id any more."""
    return ScreenState(f"no #{id_}", lambda app: not any(map(_drawn, app.screen.query(f"#{id_}"))))


def button(id_: str, label: str | None = None, *, off: bool = False) -> ScreenState:
    """The screen shows a button with this id, which can be pressed (or not, with `off`); it has this label."""

    def holds(app: App[Any]) -> bool:
        found = [each for each in app.screen.query(f"#{id_}").results(Button) if _drawn(each)]
        return any(each.off is off and label in (None, each.label) for each in found)

    return ScreenState(f"button #{id_} {label or ''}".rstrip(), holds)


def to_do(count: int) -> ScreenState:
    """The step's button carries out so many actions."""
    return ScreenState(f"{count} actions to do", lambda app: _idle_at_step(app) and len(_pending(app)) == count)


def goes_on() -> ScreenState:
    """The step's button goes on to the next step: nothing is left to do or blocked."""
    return ScreenState(
        "the step is done",
        lambda app: (
            _idle_at_step(app) and not _pending(app) and not app.wizard.blocked(_step_of(app)) and app.wizard.current
        ),
    )


def read() -> ScreenState:
    """The project was read for what is typed now, and nothing is running."""
    return ScreenState("project read", lambda app: app.wizard.current and not app.wizard.busy and _drawn(app.screen))


def signed_in() -> ScreenState:
    """The operator is signed in, and nothing is running."""
    return ScreenState("signed in", lambda app: app.wizard.cloud is not None and not app.wizard.busy)


def looked() -> ScreenState:
    """The connections of the dashboard were read."""
    return ScreenState(
        "connections looked at", lambda app: app.monitor.at is not None and app.monitor.looking_since is None
    )


def opened(name: str) -> ScreenState:
    """A connection of the dashboard is open."""
    return ScreenState(
        f"connection {name}", lambda app: getattr(app.screen, "opened", None) == name and _drawn(app.screen)
    )


def _step_of(app: App[Any]) -> Step | None:
    return app.screen.step if isinstance(app.screen, BaseScreen) else None


def _pending(app: Any) -> Sized:
    found: Sized = app.wizard.pending(_step_of(app))
    return found


def _idle_at_step(app: Any) -> bool:
    """Whether nothing is running on a step, and the step shows that."""
    if _step_of(app) is None or app.wizard.busy or not _drawn(app.screen):
        return False
    return not app.screen.query_one("#primary", Button).off


def _drawn(shown: Widget) -> bool:
    """Whether a widget or screen is shown and laid out."""
    return shown.is_attached and shown.display and shown.region.area > 0


async def until(pilot: Pilot[Any], what: str | ScreenState | Callable[[], bool], seconds: float = PATIENCE) -> str:
    """Wait for a state, a condition, or a text on the screen. Fails with the screen's text.

    Returns:
        The text on the screen then.
    """
    holds: Callable[[], bool]
    if isinstance(what, ScreenState):
        name, holds = what.name, partial(what.holds, pilot.app)
    else:
        name, holds = str(what), what if callable(what) else partial(_shows, pilot.app, what)

    async def turn() -> None:
        await asyncio.sleep(0.01)
        await pilot.pause()

    await pilot.pause()
    await polling.until(holds, lambda: f"never came: {name}\n{text_of(pilot.app)}", seconds, turn)
    if isinstance(what, ScreenState):
        await pilot.pause()  # changes are drawn
    return text_of(pilot.app)


def _shows(app: App[Any], text: str) -> bool:
    return text in text_of(app)


async def run_checks(pilot: Pilot[Any]) -> None:
    """Press the key that runs the checks, on the verify step."""
    await until(pilot, on(Step.VERIFY))
    await pilot.press("r")


def app_for(scene: Scene, look: DisplayOptions | None = None, start: str = "setup") -> KbqApp:
    return build(scene.services(), look or DisplayOptions(), start=start)  # type: ignore[arg-type]
