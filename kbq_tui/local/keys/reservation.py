"""The reserved place of a key that is being created: an empty file, locked as long as its process lives."""

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from kbq_tui.i18n.messages import EMPTY, Message, message
from kbq_tui.local.files import FILE_MODE, create_private, is_held, sync_folder
from kbq_tui.local.keys.place import Place
from kbq_tui.local.os_errors import os_problem, problem, words_of
from kbq_tui.model.codes import ProblemCode as Code

_TRIES = 20
_PAUSE = 0.01
"""Seconds."""


def reserve(place: Place) -> int:
    """Create the reservation, or take over that of a dead process; return its locked descriptor."""
    try:
        folder = os.open(place.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fd = create_private(place.name, folder)
            with suppress(OSError):
                sync_folder(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        return _take_over(place)
    except OSError as error:
        raise os_problem(error, place.path, Code.KEY_FILE_UNWRITABLE) from error
    if not (_lock_soon(fd) and is_at(fd, place.path)):
        # Before we locked it, another process took it for that of a dead process, and may have released it.
        os.close(fd)
        raise problem(Code.KEY_FILE_BUSY, path=place.path)
    return fd


def _take_over(place: Place) -> int:
    """Take over the reservation of a dead process. Raises ProblemError if it is anything else."""
    path = place.path
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise problem(Code.KEY_FILE_SYMLINK, path=path) from None
        raise problem(Code.KEY_FILE_TAKEN, path=path, reason=words_of(error)) from error
    info = os.fstat(fd)
    reason: Message = EMPTY
    code = Code.KEY_FILE_TAKEN
    if not stat.S_ISREG(info.st_mode) or info.st_size > 0:
        reason = message("There is a file already." if stat.S_ISREG(info.st_mode) else "It is not a regular file.")
    elif info.st_uid != os.geteuid():
        reason = message("It belongs to another user.")
    elif not _lock_soon(fd):
        reason, code = message("Another process is making a key there now."), Code.KEY_FILE_BUSY
    elif not is_at(fd, path) or os.fstat(fd).st_size > 0:
        reason = message("It changed while it was looked at.")
    if reason:
        os.close(fd)
        raise problem(code, path=path, reason=reason)
    with suppress(OSError):
        os.fchmod(fd, FILE_MODE)
    return fd


def is_reserved(place: Place) -> bool:
    """Return whether a living process is creating a key there: the file is empty, and locked."""
    try:
        fd = os.open(place.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return os.fstat(fd).st_size == 0 and is_held(fd)
    finally:
        os.close(fd)


def _lock_soon(fd: int) -> bool:
    """Lock a reservation. A process that tests the reservation holds a lock for a moment, which is waited for."""
    for _ in range(_TRIES):
        if _lock(fd):
            return True
        time.sleep(_PAUSE)
    return _lock(fd)


def _lock(fd: int) -> bool:
    """Lock a reservation as long as this process lives. On a file system without locks there is no lock."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def is_at(fd: int, path: Path) -> bool:
    """Return whether an open file is still the one with this name."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except OSError:
        return False
