"""A language for tests: English in capitals. Text that is translated is loud, values are not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kbq_tui.i18n import messages
from kbq_tui.i18n.messages import render
from kbq_tui.model.problem import RemedyStep

_PIECE = re.compile(r"(\{[^{}]*\})|\{\{|\}\}|[^{}]+")


def shout(template: str) -> str:
    """Return a template in capitals, its blanks as they are."""
    return _PIECE.sub(lambda piece: piece[0] if piece[1] else piece[0].upper(), template)


@contextmanager
def shouting() -> Iterator[None]:
    """Speak that language meanwhile."""
    messages.use(shout, lambda one, many, n: shout(one if n == 1 else many), "shouting")
    try:
        yield
    finally:
        messages.use(None)


def rendered(step: RemedyStep) -> str:
    """Return a step of a remedy as it is shown: its sentence in the language that is spoken, and its commands."""
    return "\n".join(filter(None, (render(step.text), *step.lines)))
