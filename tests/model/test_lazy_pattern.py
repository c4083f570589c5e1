"""A lazy pattern does what a compiled one does, and every one in the program can be compiled."""

import importlib
import pkgutil
import re
import subprocess
import sys

import pytest

import kbq_tui
from kbq_tui.model.lazy_pattern import pattern


def test_it_is_compiled_at_first_use_and_behaves_like_a_compiled_one() -> None:
    lazy = pattern(r"(a)b", re.IGNORECASE)
    assert "_compiled" not in vars(lazy)
    assert lazy.fullmatch("AB")
    assert lazy.sub(r"\1", "xab") == "xa"
    assert lazy.flags & re.IGNORECASE
    assert "_compiled" in vars(lazy)
    assert pattern(rb"\d").search(b"a1")


def test_an_invalid_one_fails_at_first_use() -> None:
    lazy = pattern("(")
    with pytest.raises(re.error):
        lazy.search("")


def test_every_pattern_of_the_program_can_be_compiled() -> None:
    for module in pkgutil.walk_packages(kbq_tui.__path__, "kbq_tui."):
        if not module.name.startswith(("kbq_tui.sandbox", "kbq_tui.__main__")):
            importlib.import_module(module.name)
    import gc

    gc.unfreeze()  # what pytest had imported before the tests began is among them
    lazy = [found for found in gc.get_objects() if type(found) is pattern]
    assert len(lazy) > 20
    for found in lazy:
        if found._source[0] != "(":
            assert isinstance(found.pattern, str | bytes)


def test_the_first_screens_are_read_in_without_compiling_one() -> None:
    code = (
        "import re, textual.app, rich.console, textual.widgets, textual.command, textual.drivers.linux_driver;"
        "import json, logging.handlers, shlex;"
        "made = []; compile = re._compiler.compile;"
        "re._compiler.compile = lambda *a, **k: (made.append(a[0]), compile(*a, **k))[1];"
        "import kbq_tui.cli.start, kbq_tui.tui.app, kbq_tui.tui.screens.welcome, kbq_tui.local.log;"
        "print(made)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
