"""A recording of the set-up for asciinema, made from the walk for the pictures.

It plays what a terminal is sent from one screen to the next; each screen is shown for a while. The format:
https://docs.asciinema.org/manual/asciicast/v2/
"""

import json
from collections.abc import Iterator

from rich.color import ColorSystem
from rich.control import Control
from rich.segment import Segment

from kbq_tui.tui.app import KbqApp
from kbq_tui.tui.screen_diff import Painter

NAME = "setup.cast"
STANDS = 2.5
"""Seconds for which a screen is shown."""


class Recording:
    """A recording that is extended by one screen after the other.

    Args:
        width, height: the terminal's size.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._painter = Painter()
        self._events: list[str] = []

    def take(self, app: KbqApp) -> None:
        """Add what has changed on the screen; nothing if nothing has."""
        sent = self._painter.changes(_segments(app), *self._size, ColorSystem.TRUECOLOR)
        if sent:
            self._events.append(json.dumps([len(self._events) * STANDS, "o", sent]))

    def text(self) -> str:
        """Return the file; the last screen is shown as long as the others."""
        width, height = self._size
        head = {"version": 2, "width": width, "height": height, "title": "kbq-tui", "env": {"TERM": "xterm-256color"}}
        end = json.dumps([len(self._events) * STANDS, "o", ""])
        return "\n".join([json.dumps(head), *self._events, end]) + "\n"


def _segments(app: KbqApp) -> Iterator[Segment]:
    for y, line in enumerate(app.screen._compositor.render_strips()):
        yield Control.move_to(0, y).segment
        yield from line
