"""Gives the app exclusive use of the terminal while it draws."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def sole_writer() -> Iterator[None]:
    """Let only the app write to the terminal for a while.

    Textual draws on `sys.__stderr__`, and messages of libraries and of the programs they start go to descriptor 2:
    those of `pass`, behind the keyring, and of gRPC. On the screen such a line would stay, because only changes are
    redrawn. So the app gets a new descriptor, and 2 is diverted.

    A program whose output the operator should see is given `sys.__stderr__`.
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
    also_stderr = sys.stderr is stream  # Textual writes its crash messages there
    sys.__stderr__ = own  # type: ignore[misc]
    if also_stderr:
        sys.stderr = own
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal is closed: what is still to be written is lost
            own.flush()
        os.dup2(own.fileno(), 2)
        sys.__stderr__ = stream  # type: ignore[misc]
        if also_stderr:
            sys.stderr = stream
        with suppress(OSError):
            own.close()
