"""Checks during a whole test run that no foreign host name is looked up: tests talk to this machine only."""

import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SPY = Path(__file__).parent / "spy"
FOLDER = "KBQ_TEST_LOOKUPS"
ORACLE = "KBQ_TEST_ORACLE"  # with which the sandboxes in children are watched (`tests.oracle`)


def start(folder: Path) -> Path | None:
    """Watch this process, and every Python that it starts, whatever environment it is given.

    Args:
        folder: the folder for the notes, unless the run that started us has one.

    Returns:
        The folder, if we have to read it at the end.
    """
    ours = FOLDER not in os.environ
    if ours:
        folder.mkdir()
        os.environ[FOLDER] = str(folder)
    os.environ.update(watched(os.environ))
    if getattr(sys.modules.get("sitecustomize"), "FOLDER", "") != FOLDER:
        runpy.run_path(str(_SPY / "sitecustomize.py"))
    _pass_on()
    return folder if ours else None


def watched(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a child, with what makes it watched as well, if this run is."""
    if FOLDER not in os.environ:
        return dict(env)
    before = env.get("PYTHONPATH", "")
    path = before if str(_SPY) in before.split(os.pathsep) else os.pathsep.join(p for p in (str(_SPY), before) if p)
    oracle = {name: os.environ[name] for name in (ORACLE,) if name in os.environ}
    return {**env, **oracle, FOLDER: os.environ[FOLDER], "PYTHONPATH": path}


def _pass_on() -> None:
    made = subprocess.Popen.__init__

    def init(self: Any, *args: Any, **more: Any) -> None:
        if more.get("env") is not None:
            more["env"] = watched(more["env"])
        made(self, *args, **more)

    subprocess.Popen.__init__ = init  # type: ignore[method-assign]


def notes(folder: Path) -> list[str]:
    """Return a line for each look-up of a foreign name."""
    return sorted({line for file in folder.iterdir() for line in file.read_text(encoding="utf-8").splitlines()})
