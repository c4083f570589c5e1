"""A language for tests: English in capitals. Translated text is in capitals, values are not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kbq_tui.i18n import messages
from kbq_tui.i18n.messages import render
from kbq_tui.model.problem import RemedyStep

_PIECE = re.compile(r"(\{[^{}]*\})|\{\{|\}\}|[^{}]+")


def shout(template: str) -> str:
    """Return a template in capitals, with its fields unchanged."""
    return _PIECE.sub(lambda piece: piece[0] if piece[1] else piece[0].upper(), template)


@contextmanager
def shouting() -> Iterator[None]:
    """Use that language meanwhile."""
    messages.use(shout, lambda one, many, n: shout(one if n == 1 else many), "shouting")
    try:
        yield
    finally:
        messages.use(None)


def rendered(step: RemedyStep) -> str:
    """Return a step of a remedy as it is shown: its sentence in the present language, and its commands."""
    return "\n".join(filter(None, (render(step.text), *step.lines)))
