"""All stories, by screen and state."""

from collections.abc import Mapping
from typing import Final

from kbq_tui.tui.stories.boxes import STORIES as BOXES
from kbq_tui.tui.stories.play import Story
from kbq_tui.tui.stories.screens import STORIES as SCREENS

STORIES: Final[Mapping[str, Mapping[str, Story]]] = {**SCREENS, **BOXES}
