"""`python -m tests.stories SCREEN STATE` opens a screen in a state; without arguments it lists them."""

import sys
from collections.abc import Sequence

from tests.stories.play import show
from tests.stories.shelf import STORIES


def listed() -> str:
    """Return every story, a line each."""
    lines = ["python -m tests.stories SCREEN STATE", ""]
    for screen, states in STORIES.items():
        lines += [f"{screen:<12} {state:<8}  {story.about}" for state, story in states.items()]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Open or list stories. Returns an exit status."""
    if not words:
        sys.stdout.write(listed() + "\n")
        return 0
    story = STORIES.get(words[0], {}).get(words[1]) if len(words) == 2 else None
    if story is None:
        sys.stderr.write(f"No such story: {' '.join(words)}\n\n{listed()}\n")
        return 2
    return show(story)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
