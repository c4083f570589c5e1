"""Runs the real app over a fake cloud in the terminal it is started in: for tests that need a true pty.

Usage: python -m tests.tui.host SCENE [START]; the name of a function of `tests.tui.fakes`, and setup or dashboard.
"""

import os
import sys
from contextlib import suppress

from kbq_tui.tui.app import run
from kbq_tui.tui.display_options import DisplayOptions
from tests.tui import fakes


def main() -> None:
    scene = getattr(fakes, sys.argv[1])()
    start = sys.argv[2] if len(sys.argv) > 2 else "setup"
    look = DisplayOptions(ascii="--ascii" in sys.argv, mono="--mono" in sys.argv, ssh="--ssh" in sys.argv, refresh=3600)
    if "--crash" in sys.argv:

        def crash(*_: object, **__: object) -> object:
            private_key = fakes.CANARY
            raise RuntimeError("boom" + private_key[:0])

        from kbq_tui.tui.screens.base import BaseScreen

        BaseScreen.draw = crash  # type: ignore[method-assign, assignment]
    ended = run(scene.services(), look, start=start)  # type: ignore[arg-type]
    with suppress(OSError):  # where the terminal is gone
        if ended.summary is not None:
            print("\n".join(map(str, ended.summary.lines())))
        print(f"saved {sorted(scene.store.saved)}", flush=True)
    os._exit(ended.status)


if __name__ == "__main__":
    main()
