"""All stories, by screen and state."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.tui.stories import boxes, screens
from kbq_tui.tui.stories.play import Story

STORIES: Final[Mapping[str, Mapping[str, Story]]] = {**screens.STORIES, **boxes.STORIES}
