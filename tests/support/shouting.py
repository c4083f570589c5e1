"""A language for tests: English in capitals. What is told is loud; what fills the blanks must come through unharmed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kbq_tui.i18n import messages

_PIECE = re.compile(r"(\{[^{}]*\})|\{\{|\}\}|[^{}]+")


def shout(form: str) -> str:
    """Return a form in capitals, its blanks as they are."""
    return _PIECE.sub(lambda piece: piece[0] if piece[1] else piece[0].upper(), form)


@contextmanager
def shouting() -> Iterator[None]:
    """Speak that language meanwhile."""
    messages.use(shout, lambda one, many, n: shout(one if n == 1 else many), "shouting")
    try:
        yield
    finally:
        messages.use(None)
