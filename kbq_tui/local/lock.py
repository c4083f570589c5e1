"""A lock that lets only one process use a connection at a time. It ends with its process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kbq_tui.i18n.messages import Message, message
from kbq_tui.local.files import FileKind, open_ours
from kbq_tui.local.os_errors import os_problem, problem
from kbq_tui.model.codes import ProblemCode as Code
from kbq_tui.model.text import inert

if TYPE_CHECKING:
    from kbq_tui.engine.ports import Clock

_POLL = 0.1
_TRIES = 100
"""How often a folder that vanishes is made again: another process may remove it each time that it lets go."""


class ConnectionLock:
    """A lock on a connection; a context manager.

    Args:
        path: the lock file, `Paths.of_connection(name)
        "lock"`. It exists while the lock is held: releasing removes it, and its folder if that is empty, so that
            commands that only read leave nothing behind.
        clock: the time.
        wait: seconds to wait for another process to end.
        sleep: waits; replaced by tests.
    """

    def __init__(self, path: Path, clock: Clock, wait: float = 0, sleep: Callable[[float], None] = time.sleep) -> None:
        self._path = path
        self._clock = clock
        self._wait = wait
        self._sleep = sleep
        self._fd = -1
        self._made_folder = False

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            ProblemError: KBQ-LOCK-HELD, which says who holds it.
        """
        until = self._clock.monotonic() + self._wait
        try:
            self._made_folder = not self._path.parent.exists()
            while (fd := self._try()) < 0:
                if self._clock.monotonic() >= until:
                    raise problem(
                        Code.LOCK_HELD, path=self._path, holder=self.holder(), connection=self._path.parent.name
                    )
                self._sleep(_POLL)
        except OSError as error:
            raise os_problem(error, self._path, Code.STATE_UNWRITABLE) from error
        self._fd = fd

    def _try(self) -> int:
        """Return a descriptor of the file that we have locked; -1 if another process has. Raises OSError."""
        missing = 0
        while True:
            try:
                fd, _ = open_ours(self._path, LOCK)
            except FileNotFoundError:  # releasing has removed the folder in between, or it cannot be made
                missing += 1
                if missing < _TRIES:
                    continue
                raise
            try:
                if not _locked(fd):
                    os.close(fd)
                    return -1
                if self._is_there(fd):
                    self._sign(fd)
                    return fd
            except BaseException:
                with suppress(OSError):
                    os.close(fd)
                raise
            os.close(fd)  # releasing has removed it in between: a lock on it would keep nobody out

    def _is_there(self, fd: int) -> bool:
        """Return whether the open file still is the one with this name."""
        try:
            return os.path.samestat(os.fstat(fd), self._path.lstat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Release the lock and remove the file; does nothing if the lock is not held."""
        if self._fd < 0:
            return
        with suppress(OSError):  # a file that stays is taken over by the next process
            if self._is_there(self._fd):
                self._path.unlink()
            if self._made_folder:
                self._path.parent.rmdir()  # refused while it is not empty
        os.close(self._fd)
        self._fd = -1

    def holder(self) -> Message:
        """Return who holds the lock, or held it last: `process 123 on host, since 2026-01-31 09:00 UTC`."""
        import json

        try:
            body = json.loads(self._path.read_bytes()[:4_096])
            blanks = {
                "pid": int(body["pid"]),
                "host": inert(str(body["host"]), 100),
                "since": inert(str(body["since"]), 40),
            }
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return message("another process")
        return message("process {pid} on {host}, since {since}", **blanks)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _sign(self, fd: int) -> None:
        since = self._clock.now().strftime("%Y-%m-%d %H:%M UTC")
        os.ftruncate(fd, 0)
        os.pwrite(fd, _signature(os.getpid(), socket.gethostname(), since).encode(), 0)


def _signature(pid: int, host: str, since: str) -> str:
    if host.replace("-", "").replace(".", "").isalnum() and host.isascii():  # json is not imported before the screens
        return f'{{"pid": {pid}, "host": "{host}", "since": "{since}"}}'
    import json

    return json.dumps({"pid": pid, "host": host, "since": since})


def _is_lock(data: bytes) -> bool:
    import json

    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.keys() == {"pid", "host", "since"}


LOCK = FileKind(message("a lock"), _is_lock, may_be_held=True)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
            return True  # a file system without locks: better to work unguarded than not at all
        raise
    return True
