"""The console script. Without options the screens start at once, before commands and options are imported."""

import gc
import os
import sys
from typing import NoReturn

from kbq_tui.cli import core_dumps, debug_switches, process
from kbq_tui.i18n import language


def _speak(wanted: str) -> None:
    """Set the language, spelled with ASCII's letters where the locale has no others that can be relied upon."""
    spelled = False
    if wanted != "en":
        from kbq_tui.local.terminal import locale_encoding

        spelled = locale_encoding(os.environ) != "utf-8"
    language.speak(wanted, spelled=spelled)


def run() -> NoReturn:
    """Run the program, and return to the prompt at once when it ends."""
    # Objects of the imports exist to the end, so collecting garbage only delays the first answer.
    gc.set_threshold(50_000, 20, 20)
    status = 0
    core_dumps.forbid()
    debug_switches.take_out()
    process.stand_in()
    try:
        # First of all, because texts are rendered when options and screens are imported.
        _speak(language.wanted(sys.argv[1:], os.environ))
        if sys.argv[1:] not in ([], ["setup"]) or process.COMPLETE_VARIABLE in os.environ:
            from kbq_tui.cli.click_app import main

            main()
        else:
            from kbq_tui.cli.start import setup_at_once, start_command

            gc.disable()  # until the first screen is shown, see `KbqApp._warm_up`
            with process.signals_end():
                status = process.status_of(setup_at_once if sys.argv[1:] else start_command)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    process.leave(status)
