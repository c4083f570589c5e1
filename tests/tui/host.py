"""Runs the real app over a fake cloud in its terminal, for tests that need a real pty.

Usage: python -m tests.tui.host SCENE [START]; the name of a function of `tests.tui.fakes`, and setup or dashboard.
"""

import gc
import os
import sys
import time
from contextlib import suppress
from datetime import datetime, timedelta

from kbq_tui.tui.display_options import DisplayOptions
from kbq_tui.tui.running import run
from tests.support.memory_machine import VirtualClock
from tests.support.memory_world import NOW
from tests.tui import fakes

SPEED = 60
"""How much faster time passes with --hurried: a minute takes a second."""


class HurriedClock(VirtualClock):
    """A clock that runs fast."""

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.monotonic() - _BEGAN)


_BEGAN = time.monotonic() * SPEED


def main() -> None:
    gc.set_threshold(50_000, 20, 20)  # as `kbq_tui.cli.main`: what is measured here is measured as it runs
    gc.disable()
    scene = getattr(fakes, sys.argv[1])()
    hurried = "--hurried" in sys.argv
    if hurried:
        from kbq_tui.tui.screens import watching

        watching.TICK /= SPEED
        scene.clock = HurriedClock()
    start = sys.argv[2] if len(sys.argv) > 2 else "setup"
    look = DisplayOptions(
        ascii="--ascii" in sys.argv, mono="--mono" in sys.argv, ssh="--ssh" in sys.argv, refresh=60 if hurried else 3600
    )
    if "--crash" in sys.argv:

        def crash(*_: object, **__: object) -> object:
            private_key = fakes.CANARY
            raise RuntimeError("boom" + private_key[:0])

        from kbq_tui.tui.screens.base import BaseScreen

        BaseScreen.draw = crash  # type: ignore[method-assign, assignment]
    ended = run(scene.services(), look, start=start)  # type: ignore[arg-type]
    with suppress(OSError):  # if the terminal is closed
        if ended.summary is not None:
            print("\n".join(map(str, ended.summary.lines())))
        print(f"saved {sorted(scene.store.saved)}", flush=True)
    os._exit(ended.status)


if __name__ == "__main__":
    main()
