"""Daemon threads: leaving the program never waits for a call that hangs."""

import threading
from collections.abc import Callable


def start_daemon(work: Callable[[], None], name: str) -> None:
    """Run `work` on a daemon thread of its own; here and now where the system has no more threads to give.

    What is half done must be finished then too: a key that Google has made is kept, and the journal says so.

    Args:
        work: raises nothing.
        name: the thread's, for a debugger.
    """
    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:  # what Python makes of EAGAIN
        work()
