"""The event loop of a command, and the effect of signals on what runs in it."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kbq_tui.local import signals

T = TypeVar("T")

_AT_ONCE = 0.3
"""Seconds."""


class Loop:
    """One event loop for everything that a command does; signals end running work in an orderly way."""

    def __init__(self, slow: Callable[[], None] | None = None) -> None:
        """Create a loop. `slow` is called if work that a signal ends does not end at once."""
        # asyncio's debug mode, which PYTHONDEVMODE also enables, logs arguments
        self._runner = asyncio.Runner(debug=False)
        self._slow = slow or (lambda: None)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end.

        Raises:
            SystemExit: 128 + n, where signal n has ended it.
        """
        status = 0

        async def main() -> T:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None

            def arrived(code: int) -> None:
                nonlocal status
                status = code
                task.cancel()
                loop.call_later(_AT_ONCE, self._slow)

            if threading.current_thread() is not threading.main_thread():
                return await work
            # An ignored signal stays ignored: this is how nohup keeps a program alive when its terminal goes.
            heeded = [n for n in signals.ENDING if signal.getsignal(n) is not signal.SIG_IGN]
            undo = signals.install(loop, arrived, heeded)
            try:
                return await work
            finally:
                undo()

        try:
            result = self._runner.run(main())
        except asyncio.CancelledError:
            # Without a status, asyncio's own handler received Ctrl+C before ours was installed; it ignores one in its
            # first moments, and lets the cancellation through instead of KeyboardInterrupt.
            raise SystemExit(status or 130) from None
        if status:
            raise SystemExit(status)
        return result

    def close(self) -> None:
        """Close the loop. Calls that hang are left to their daemon threads."""
        self._runner.close()
