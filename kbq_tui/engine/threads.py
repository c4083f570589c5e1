"""Runs blocking calls off the event loop, on daemon threads: quitting the program never waits for a disk or a
keyring."""

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

from kbq_tui.engine.daemon_threads import start_daemon

T = TypeVar("T")


async def offload(call: Callable[[], T]) -> T:
    """Run `call` on a new daemon thread and return its result, or raise its exception."""
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
            return  # the loop is closed: there is no caller any more

    start_daemon(run, "kbq-offload")
    return await future


def stay_responsive() -> None:
    """Let the event loop run within a millisecond while worker threads parse long answers.

    By default, Python switches threads every 5 ms; with eight running calls, a key press would wait for 40 ms.
    """
    sys.setswitchinterval(0.001)
