"""Prevents core dumps, because the memory of this program contains private keys and access tokens."""

import resource
import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""Source: https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html"""


def forbid() -> None:
    """Prevent the system from writing a core dump of this process, whatever ends it.

    A limit of 0 keeps the kernel from writing a file; children inherit it. If the kernel passes dumps to a program
    (systemd-coredump, apport), the limit does not apply: so on Linux the process is also made "not dumpable", which
    also prevents other programs of the same user from reading its memory.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, argument: int) -> None:
    # This module under ctypes loads in a fifth of the time, which matters because every command needs it.
    try:
        from _ctypes import call_function, dlopen, dlsym

        itself = dlopen(None, 0)  # type: ignore[arg-type]  # as in dlopen(3): what this process has loaded
        call_function(dlsym(itself, "prctl"), (option, argument, 0, 0, 0))
    except (ImportError, AttributeError, OSError):
        with suppress(ImportError, AttributeError, OSError):
            import ctypes

            ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)
