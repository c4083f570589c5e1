"""Daemon threads, so that quitting the program never waits for a call that hangs."""

import threading
from collections.abc import Callable

from kbq_tui.model.codes import ProblemCode as Code


def start_daemon(work: Callable[[], None], name: str) -> None:
    """Run `work` on a new daemon thread, or on this one if the system cannot start any more.

    Work in progress must be finished then too: a key that Google has created is stored, and the journal is written.

    Args:
        work: raises nothing.
        name: the thread's, for a debugger.
    """
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:  # Python's exception for EAGAIN
        work()


_NEEDED = 8
"""The number of threads that gRPC starts for one channel, or more."""


def need_threads() -> None:
    """Check that the system has free threads before the work begins.

    gRPC ends the process with SIGABRT and without a message if it cannot start one (seen with grpcio 1.85).

    Raises:
        ProblemError: KBQ-NO-THREADS.
    """
    go = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(_NEEDED):
            thread = threading.Thread(target=go.wait, name="probe", daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        from kbq_tui.diagnosis import catalogue  # a large module, and seldom needed
        from kbq_tui.model.problem import Context, ProblemError

        raise ProblemError(catalogue.problem(Code.NO_THREADS, Context())) from None
    finally:
        go.set()
        for thread in started:
            thread.join()
