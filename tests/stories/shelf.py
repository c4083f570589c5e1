"""All stories, by screen and state."""

from collections.abc import Mapping
from typing import Final

from tests.stories.boxes import STORIES as BOXES
from tests.stories.play import Story
from tests.stories.screens import STORIES as SCREENS

STORIES: Final[Mapping[str, Mapping[str, Story]]] = {**SCREENS, **BOXES}
