"""Blocking calls off the event loop, on daemon threads: leaving the program never waits for a disk or a keyring."""

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

from kbq_tui.engine.daemon_threads import start_daemon

T = TypeVar("T")


async def offload(call: Callable[[], T]) -> T:
    """Run `call` on a new daemon thread and return what it returns, or raise what it raises."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        value, error = None, None
        try:
            value = call()
        except BaseException as caught:  # noqa: BLE001  # carried over to the awaiting task, whatever it is
            error = caught
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return  # the loop is closed: no caller is left

    start_daemon(run, "kbq-offload")
    return await future


def stay_responsive() -> None:
    """Let the event loop have its turn within a millisecond while worker threads read long answers.

    Python hands over every 5 ms unless told otherwise; with eight calls under way a key press would wait for 40.
    """
    sys.setswitchinterval(0.001)
