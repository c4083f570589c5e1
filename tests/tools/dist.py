"""Builds what is released: a wheel, an sdist, and one file that needs nothing but Python; with their checksums.

`make dist` runs it: `python -m tests.tools.dist [PYTHON...]`. Each PYTHON is an interpreter for the single file; by
default every python3.11 and newer on PATH. The same sources give the same bytes: times are those of the last commit, or
SOURCE_DATE_EPOCH.

The single file is a PEX that becomes a virtual environment at its first start. It has interpreter constraints: without
them its shell header finds that environment again only for the interpreter that pex ran with, and every other one
starts Python twice. It is made in two steps, because pex 2.105.2 refuses constraints for a virtual environment with a
wheel that also has tags of Python 2 ("not resolvable").
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from click.shell_completion import get_completion_class

import kbq_tui.cli.shell_completion  # noqa: F401  it registers its classes
from kbq_tui import __version__
from kbq_tui.cli.click_app import PROGRAM, cli
from kbq_tui.cli.commands.completion import SHELLS
from kbq_tui.cli.process import COMPLETE_VARIABLE
from tests.tools.manpage import manpage

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
BUILD = ROOT / "build"
COMPLETIONS = {
    "bash": f"bash-completion/completions/{PROGRAM}",
    "zsh": f"zsh/site-functions/_{PROGRAM}",
    "fish": f"fish/vendor_completions.d/{PROGRAM}.fish",
}
NEWEST = 14
"""The last 3.N that is searched for on PATH."""


def write_share(folder: Path) -> None:
    """Write the man page and the completions, as they are under `share` where the program is installed."""
    texts = {f"man/man1/{PROGRAM}.1": manpage()}
    for shell in SHELLS:
        kind = get_completion_class(shell)
        assert kind is not None
        texts[COMPLETIONS[shell]] = kind(cli, {}, PROGRAM, COMPLETE_VARIABLE).source()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pythons() -> list[str]:
    """Return the interpreters on PATH that the program runs on and that start, the oldest first."""
    found = (shutil.which(f"python3.{minor}") for minor in range(11, NEWEST + 1))
    executables = []
    for path in found:
        with suppress(subprocess.CalledProcessError):
            executables += [_says(path, "import sys; print(sys.executable)")] if path is not None else []
    return executables


def build(interpreters: Sequence[str]) -> list[Path]:
    """Build everything into `dist`, and return the files."""
    for folder in (DIST, BUILD):
        shutil.rmtree(folder, ignore_errors=True)
    write_share(BUILD / "share")
    _run(sys.executable, "-m", "hatchling", "build", "-d", str(DIST))
    pex = BUILD / "all.pex"
    environments = [_installed(python) for python in interpreters]
    tool = [sys.executable, "-m", "pex"]
    repositories = [word for folder in environments for word in ("--venv-repository", str(folder))]
    _run(*tool, *repositories, PROGRAM, "-o", str(pex))
    minors = sorted(int(_says(python, "import sys; print(sys.version_info[1])")) for python in interpreters)
    constraint = f"CPython>=3.{minors[0]},<3.{minors[-1] + 1}"
    where = os.pathsep.join(
        str(Path(_says(python, "import sys; print(sys.executable)")).parent) for python in interpreters
    )
    wanted = ["--python-path", where, "--interpreter-constraint", constraint, "--venv", "--sh-boot"]
    _run(*tool, "--pex-repository", str(pex), *wanted, PROGRAM, "-e", "kbq_tui.cli.main:run", "-o", str(DIST / PROGRAM))
    files = sorted(path for path in DIST.iterdir())
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (DIST / "SHA256SUMS").write_text("".join(sums))
    return files


def _installed(python: str) -> Path:
    """Return a virtual environment of an interpreter with the wheel and the pinned versions of its dependencies."""
    folder = BUILD / Path(python).name
    _run(python, "-m", "venv", str(folder))
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    wheel = next(DIST.glob("*.whl"))
    _run(*pip, "-c", str(ROOT / "constraints.txt"), str(wheel))
    # Once more by its name: for a file, pip notes its path, which would be in the release.
    _run(*pip, "--force-reinstall", "--no-deps", "--no-index", "--find-links", str(DIST), f"{PROGRAM}=={__version__}")
    return folder


def _run(*command: str) -> None:
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": _epoch()})


def _epoch() -> str:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    log = ["git", "log", "-1", "--format=%ct"]
    return given or subprocess.run(log, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _says(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    for made in build(sys.argv[1:] or pythons()):
        print(f"{made.stat().st_size:>10,}  {made.relative_to(ROOT)}")
