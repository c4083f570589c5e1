"""Shows texts on the plain terminal while the screens are suspended, until Enter or Ctrl+C."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import Final

from kbq_tui.i18n.messages import translate

CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"
"""Clears the screen and the scrollback: xterm's "Erase Saved Lines", which tmux and most terminals support
(https://invisible-island.net/xterm/ctlseqs/ctlseqs.html)."""
_MOST_TYPED: Final = 4_096


async def show(text: str, *, secret: bool = False) -> None:
    """Print on the plain terminal, and wait for Enter. Textual draws on stderr's terminal, so this does too.

    Args:
        text: what to print.
        secret: whether the screen and the scrollback are cleared afterwards, however this ends: by Enter, by Ctrl+C, or
            by a signal that ends the app.
    """
    out = sys.__stderr__ or sys.stderr
    try:
        out.write(f"\n{text}\n\n{translate('Enter goes back.')} ")
        out.flush()
        await enter()
    finally:
        if secret:
            with suppress(OSError):  # the terminal is closed
                out.write(CLEAR)
                out.flush()


async def enter() -> None:
    """Wait for Enter or Ctrl+C, which by default would end the app and leave the terminal as it is."""
    loop, done, before = asyncio.get_running_loop(), asyncio.Event(), signal.getsignal(signal.SIGINT)
    typed = sys.stdin.fileno()
    loop.add_reader(typed, done.set)
    loop.add_signal_handler(signal.SIGINT, done.set)
    try:
        await done.wait()
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
        if loop.remove_reader(typed) and done.is_set():
            _forget(typed)


def _forget(typed: int) -> None:
    """Discard what was typed, because the screens would read it as keys."""
    with suppress(OSError):
        os.set_blocking(typed, False)
        os.read(typed, _MOST_TYPED)
    with suppress(OSError):
        os.set_blocking(typed, True)
