"""`make` says what is missing instead of failing somewhere later; nothing is installed here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.polling import PATIENCE

MAKEFILE = Path(__file__).parent.parent / "Makefile"
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="LEFT OUT: make is not installed")
STAND_IN = """\
#!/bin/sh
case "$*" in
  *sys.version_info*) exit {old};;
  *ensurepip*) exit {no_venv};;
  "-m venv"*) mkdir -p .venv/bin; : > .venv/bin/python; echo "out of room" >&2; exit {full};;
  --version) echo "Python 3.9.2";;
esac
"""


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "screenshots", "dist"])
@pytest.mark.parametrize(
    ("old", "no_venv", "full", "words"),
    [
        (1, 0, 0, "kbq-tui needs Python 3.11 or newer; 'python3' is Python 3.9.2"),
        (0, 1, 0, "sudo apt install python3-venv"),
        (0, 0, 1, "'python3 -m venv' failed"),
    ],
    ids=["old python", "no venv", "no room"],
)
def test_what_is_missing_is_said_and_nothing_half_made_stays(
    tmp_path: Path, target: str, old: int, no_venv: int, full: int, words: str
) -> None:
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    python = programs / "python3"
    python.write_text(STAND_IN.format(old=old, no_venv=no_venv, full=full))
    python.chmod(0o755)
    env = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    ended = subprocess.run(["make", target], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 2, ended.stdout
    assert words in ended.stderr
    assert not (tmp_path / ".venv").exists()
