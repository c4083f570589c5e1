"""Shows texts on the plain terminal while the screens are suspended, until Enter or Ctrl+C."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final

from kbq_tui.i18n.messages import translate

CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"
"""Clears the screen and the scrollback: xterm's "Erase Saved Lines", which tmux and most terminals support
(https://invisible-island.net/xterm/ctlseqs/ctlseqs.html)."""
_MOST_TYPED: Final = 4_096


async def show(suspended: AbstractContextManager[object], text: str, *, secret: bool = False) -> None:
    """Print on the plain terminal, and wait for Enter or Ctrl+C.

    Args:
        suspended: leaves the screens when it is entered, and draws them again afterwards.
        text: what to print.
        secret: whether the screen and the scrollback are cleared afterwards, however this ends: by Enter, by Ctrl+C, or
            by a signal that ends the app.
    """
    with _heeding_ctrl_c() as done, suspended:
        try:
            await _printed(f"\n{text}\n\n{translate('Enter goes back.')} ", done)
        finally:
            if secret:
                with suppress(OSError):  # the terminal is closed
                    _print(CLEAR)


async def enter(text: str) -> None:
    """Print a line on the plain terminal, on which the screens have been left already, and wait for Enter or Ctrl+C."""
    with _heeding_ctrl_c() as done:
        await _printed(f"\n{text} {translate('Enter goes back.')}\n", done)


@contextmanager
def _heeding_ctrl_c() -> Iterator[asyncio.Event]:
    """Let Ctrl+C set an event. By default it would end the app and leave the terminal as it is.

    It has to be entered before the screens are left, because from then on the terminal makes a signal of it.
    """
    loop, done, before = asyncio.get_running_loop(), asyncio.Event(), signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, done.set)
    try:
        yield done
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)


async def _printed(text: str, done: asyncio.Event) -> None:
    """Print a text, and wait until the event is set or a line is typed."""
    loop, typed = asyncio.get_running_loop(), sys.stdin.fileno()
    loop.add_reader(typed, done.set)
    try:
        _print(text)
        await done.wait()
    finally:
        if loop.remove_reader(typed) and done.is_set():
            _forget(typed)


def _print(text: str) -> None:
    """Print where Textual draws: on the terminal of standard error."""
    out = sys.__stderr__ or sys.stderr
    out.write(text)
    out.flush()


def _forget(typed: int) -> None:
    """Discard what was typed, because the screens would read it as keys."""
    with suppress(OSError):
        os.set_blocking(typed, False)
        os.read(typed, _MOST_TYPED)
    with suppress(OSError):
        os.set_blocking(typed, True)
