"""Sends to the log what other programs, such as `pass` behind the keyring, write to our standard error."""

import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

_LOG = logging.getLogger(__name__)
LONGEST = 4_000
"""The most characters of it that are logged."""


class _Diverted:
    """Diverts descriptor 2 while at least one caller asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers = 0
        self._before = -1
        self._taken: IO[bytes] | None = None

    def begin(self) -> None:
        with self._lock:
            self._callers += 1
            if self._callers == 1:
                self._taken = _file()
                self._before = os.dup(2)
                os.dup2(self._taken.fileno(), 2)

    def end(self) -> bytes:
        """Return what was written, once the last caller has ended."""
        with self._lock:
            self._callers -= 1
            if self._callers or self._taken is None:
                return b""
            os.dup2(self._before, 2)
            os.close(self._before)
            with self._taken as taken:
                taken.seek(0)
                return taken.read(LONGEST)


_diverted = _Diverted()


@contextmanager
def into_the_log() -> Iterator[None]:
    """Send what is written to descriptor 2 to the log for a while. Our own lines use another descriptor.

    Several threads may do so at once; descriptor 2 is restored when the last one has ended.
    """
    _diverted.begin()
    try:
        yield
    finally:
        if said := _diverted.end():
            text = inert(scrub(said.decode(errors="replace")), LONGEST, keep_lines=True).strip()
            _LOG.info("another program said on standard error: %s", text)


def _file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # nothing can be written anywhere: the output is lost
        return open(os.devnull, "w+b")  # noqa: PTH123
