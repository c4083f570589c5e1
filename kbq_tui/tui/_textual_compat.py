"""Everything here touches private names of Textual 8.2; each has a test, so that an upgrade that moves one is seen."""

import logging
from typing import Any

from rich.text import Text
from textual.app import App

_LOG = logging.getLogger("kbq_tui.tui")


def terminal_write(app: App[Any], data: str) -> None:
    """Send bytes to the terminal past the screen (for OSC 52). Does nothing where there is no terminal."""
    driver = app._driver
    if driver is not None and not app.is_headless:
        driver.write(data)
        driver.flush()


def begin_with_theme(app: App[Any], name: str) -> None:
    """Set the theme of an app that has not started, without the second pass over the styles that a change costs.

    Does what `App._watch_theme` does, before there is anything to restyle.
    """
    app.set_reactive(App.theme, name)
    theme = app.current_theme
    app.set_class(True, f"-theme-{theme.name}", update=False)
    app.set_class(theme.dark, "-dark-mode", update=False)
    app.set_class(not theme.dark, "-light-mode", update=False)
    app._refresh_truecolor_filter(app.ansi_theme)
    app.stylesheet.set_variables(app.get_css_variables())


def stop_after_crash(app: App[Any], log_path: str) -> None:
    """End the app after an unexpected exception, showing a short message instead of a traceback with local variables.

    Textual's own `_fatal_error` prints locals, and a local may hold a key.

    Args:
        app: the app that is ending.
        log_path: where the details are; may be empty.
    """
    if app._exit_renderables:
        return  # what fails while the app is already ending adds nothing
    error = app._exception
    name = type(error).__name__ if error is not None else "unknown error"
    if error is not None:
        _LOG.critical("unexpected exception in the screen", exc_info=error)
    where = f" Details are in {log_path}." if log_path else ""
    message = f"kbq-tui stopped because of an unexpected error ({name}).{where} Everything typed so far is kept."
    app._exit_renderables.append(Text(message))
    app._close_messages_no_wait()
