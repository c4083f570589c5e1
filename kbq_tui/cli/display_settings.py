"""The look and the key bindings of the screens: from options, saved preferences, the settings file, or the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kbq_tui.cli.command_options import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kbq_tui.cli.command_options import OutputOptions
    from kbq_tui.engine.services import UiPreferences
    from kbq_tui.local.app_config import Settings
    from kbq_tui.local.terminal import Capabilities
    from kbq_tui.tui.display_options import DisplayOptions


def look_for(
    output: OutputOptions, preferences: UiPreferences, found: Capabilities, settings: Settings
) -> DisplayOptions:
    """Return how the screens look.

    Args:
        output: the options, which take precedence over preferences.
        preferences: what was chosen on the screens before; it does not override NO_COLOR.
        found: the terminal's capabilities.
        settings: the keys, and the dashboard's interval.

    Raises:
        UsageError: keys are not valid; it names the file and the line.
    """
    from kbq_tui.tui.display_options import REFRESH, THEMES, DisplayOptions

    theme = output.theme or preferences.theme
    typed = output.ascii_ is not None
    return DisplayOptions(
        ascii=found.ascii if typed or preferences.ascii is None else preferences.ascii,
        ascii_default=found.ascii,
        mono=not found.colours or output.no_color or theme == "mono",
        mouse=found.mouse,
        ssh=found.ssh,
        theme=theme if theme in THEMES else THEMES[0],
        host=_host() if found.ssh else "",
        keymap=_keymap(settings),
        refresh=settings.interval or REFRESH,
    )


def _keymap(settings: Settings) -> Mapping[str, Sequence[str]]:
    if not settings.keys:
        return {}
    from kbq_tui.tui import keyboard

    if (wrong := keyboard.fault(settings.keys)) is not None:
        raise UsageError(*settings.wrong(wrong[1], "keys", wrong[0]).args)
    return settings.keys


def settings_here() -> Settings:
    """Return the settings file's content. Raises UsageError, with the file and the line; ProblemError."""
    from kbq_tui.local.app_config import SettingsError, read_settings
    from kbq_tui.local.paths import Paths

    try:
        return read_settings(Paths.from_env(os.environ).settings)
    except SettingsError as error:
        raise UsageError(*error.args) from None


def _host() -> str:
    import socket

    return f"{os.environ.get('USER', '')}@{socket.gethostname()}".removeprefix("@")
