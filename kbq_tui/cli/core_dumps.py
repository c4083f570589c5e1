"""No core dumps: the memory of this program holds private keys and access tokens."""

import resource
import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4
"""Source: https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html"""


def forbid() -> None:
    """Have the system write no core dump of this process, whatever ends it.

    A limit of 0 keeps the kernel from writing a file; children inherit it. Where the kernel hands dumps to a program
    (systemd-coredump, apport), the limit does not count: on Linux the process is made "not dumpable" as well, which
    also keeps other programs of the same user from reading its memory.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def _prctl(option: int, argument: int) -> None:
    # The module under ctypes is loaded in a fifth of the time, and every command pays for this.
    try:
        from _ctypes import call_function, dlopen, dlsym

        itself = dlopen(None, 0)  # type: ignore[arg-type]  # as in dlopen(3): what this process has loaded
        call_function(dlsym(itself, "prctl"), (option, argument, 0, 0, 0))
    except (ImportError, AttributeError, OSError):
        with suppress(ImportError, AttributeError, OSError):
            import ctypes

            ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)
