"""The terminal belongs to the app while it draws."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def sole_writer() -> Iterator[None]:
    """Let nothing but the app write on the terminal for a while.

    Textual draws on `sys.__stderr__`, and what libraries and the programs they start complain of goes to descriptor 2:
    `pass`, behind the keyring, and gRPC do so. On a screen that is half drawn such a line stays, for only what changes
    is drawn anew. The app gets a new descriptor, and 2 goes nowhere.

    A program that the operator is to see is given `sys.__stderr__`.
    """
    stream = sys.__stderr__
    if stream is None or stream.closed or not stream.isatty() or stream.fileno() != 2:
        yield
        return
    stream.flush()
    own = open(os.dup(2), "w", encoding=stream.encoding, errors=stream.errors)  # noqa: PTH123, SIM115
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    also_stderr = sys.stderr is stream  # what Textual says of a crash goes there
    sys.__stderr__ = own  # type: ignore[misc]
    if also_stderr:
        sys.stderr = own
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal has gone: what is still to be written is lost
            own.flush()
        os.dup2(own.fileno(), 2)
        sys.__stderr__ = stream  # type: ignore[misc]
        if also_stderr:
            sys.stderr = stream
        with suppress(OSError):
            own.close()
