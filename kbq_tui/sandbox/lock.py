"""The world's lock, which its holder can release for a while."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Lock:
    """A re-entrant lock that its holder can release for a while, however often it was acquired."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner, self._depth = 0, 0

    def acquire(self) -> None:
        """Wait for the lock and acquire it."""
        self._lock.acquire()
        self._owner, self._depth = threading.get_ident(), self._depth + 1

    def release(self) -> None:
        """Release the lock; it must be held."""
        self._depth -= 1
        if not self._depth:
            self._owner = 0
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Release the lock meanwhile; anything that was looked up before may have changed afterwards."""
        depth = self._depth if self._owner == threading.get_ident() else 0
        for _ in range(depth):
            self.release()
        try:
            yield
        finally:
            for _ in range(depth):
                self.acquire()
