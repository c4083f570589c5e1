"""Signals that end the program in an orderly way: the terminal is restored, the exit status is 128 + n."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


def install(
    loop: asyncio.AbstractEventLoop, callback: Callable[[int], None], signals: Sequence[signal.Signals] = ENDING
) -> Callable[[], None]:
    """Call `callback` on the loop when a signal arrives. Only on the main thread.

    The second signal of a kind ends the process at once: the first had no effect.

    Args:
        loop: the running loop.
        callback: called with the exit status, 128 + n. An inherited "ignore" (nohup) is overridden, because a screen
            whose terminal is gone would use all of a CPU (Textualize/textual#5140).
        signals: the signals.

    Returns:
        A function that restores the previous handlers.
    """
    before = {number: signal.getsignal(number) for number in signals}

    def arrived(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        callback(128 + number)

    for number in signals:
        loop.add_signal_handler(number, arrived, number)

    def uninstall() -> None:
        for number, handler in before.items():
            with suppress(RuntimeError, ValueError):  # the loop may be closed already
                loop.remove_signal_handler(number)
            with suppress(ValueError, TypeError):
                signal.signal(number, handler)

    return uninstall
