"""The command palette's entries: every button and key of the screen that is shown."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from kbq_tui.i18n.messages import in_context, translate
from kbq_tui.tui import keyboard
from kbq_tui.tui.host import Host
from kbq_tui.tui.screens.base import BaseScreen
from kbq_tui.tui.widgets.button import Button

_LEFT_OUT = frozenset({"palette", "interrupt", "next", "previous"})
"""Keys that do nothing useful from within the palette."""


def entries(app: Host, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Give an entry for each button that can be pressed, and for each key that does something.

    Args:
        app: runs the actions of keys that hold everywhere.
        screen: the screen that is shown.
    """
    for button in screen.query(Button):
        if button.display and not button.off:
            yield SystemCommand(button.label, translate("Button"), button.action_press)
    working = ("working",) if app.wizard.waiting else ()
    scopes = ("app", *working, *(screen.scopes if isinstance(screen, BaseScreen) else ()))
    for key in keyboard.KEYS:
        if key.scope in scopes and key.action and key.id not in _LEFT_OUT:
            target = app if key.scope == "app" and not key.action.startswith("scroll") else screen
            hint = translate(in_context("keyboard", "Key {key}"), key=key.face)
            yield SystemCommand(translate(key.help), hint, partial(app.run_action, key.action, target))
