"""Diverts what libraries and the programs they start write to standard error, such as `pass` behind the keyring.

They write to descriptor 2. Our own lines, the screens and programs whose output the operator should see use another
descriptor (`cli.process.stand_in`), so they are seen even if 2 stays diverted: a keyring may never answer.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from kbq_tui.model.secret import scrub
from kbq_tui.model.text import inert

_LOG = logging.getLogger(__name__)
LONGEST = 4_000
"""The most characters of it that are logged."""
_lock = threading.Lock()
_targets: list[int] = []
"""First a copy of the original descriptor 2, then the files to which it is diverted; the last one counts."""


@contextmanager
def into_the_log() -> Iterator[None]:
    """Send what is written to descriptor 2 to the log for a while. Several threads may do so at once."""
    with _file() as taken:
        with _leads_to(taken):
            yield
        taken.seek(0)
        said = taken.read(LONGEST)
    if said:
        text = inert(scrub(said.decode(errors="replace")), LONGEST, keep_lines=True).strip()
        _LOG.info("another program said on standard error: %s", text)


@contextmanager
def dropped() -> Iterator[None]:
    """Discard what is written to descriptor 2 while screens are drawn.

    Such a line would stay on the screen, because only changes are redrawn. It is not logged, because the dashboard may
    run for weeks and the file would grow.
    """
    with open(os.devnull, "r+b") as nowhere, _leads_to(nowhere):  # noqa: PTH123
        yield


@contextmanager
def _leads_to(file: IO[bytes]) -> Iterator[None]:
    number = file.fileno()
    with _lock:
        if not _targets:
            _targets.append(os.dup(2))
        _targets.append(number)
        os.dup2(number, 2)
    try:
        yield
    finally:
        with _lock:
            _targets.remove(number)
            os.dup2(_targets[-1], 2)
            if len(_targets) == 1:
                os.close(_targets.pop())


def _file() -> IO[bytes]:
    import tempfile  # not needed for the first frame

    try:
        return tempfile.TemporaryFile()
    except OSError:  # nothing can be written anywhere: the output is lost
        return open(os.devnull, "r+b")  # noqa: PTH123
