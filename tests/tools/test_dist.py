"""The release: the man page and the completions; and, after `make dist`, its files, in a bare environment."""

import functools
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbq_tui import __version__
from tests.cli.test_click_help import COMMANDS
from tests.support.polling import PATIENCE
from tests.tools import dist

BUILT = os.environ.get("KBQ_TEST_DIST", "")
built = pytest.mark.skipif(not BUILT, reason="LEFT OUT: it takes minutes; `make dist && make test-dist` does it")
SHARED = ("man/man1/kbq-tui.1", *dist.COMPLETIONS.values())


def test_the_man_page_names_every_command_and_the_completions_are_scripts(tmp_path: Path) -> None:
    dist.write_share(tmp_path)
    page = (tmp_path / "man/man1/kbq-tui.1").read_text()
    assert page.startswith('.TH "KBQ-TUI" "1"')
    for path in COMMANDS:
        assert f".SS kbq\\-tui {path}\n" in page or not path
    for name in dist.COMPLETIONS.values():
        assert "_kbq_tui_completion" in (tmp_path / name).read_text()
    assert not [name for name in SHARED if _of_this_machine((tmp_path / name).read_bytes())]


def test_interpreters_that_do_not_start_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyenv puts a `python3.N` on PATH for every version it has, and most of them refuse to start."""
    for minor, line in ((11, f'exec "{sys.executable}" "$@"'), (12, "exit 127"), (13, "echo 'no Python'; exit 1")):
        (tmp_path / f"python3.{minor}").write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / f"python3.{minor}").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert dist.pythons() == [sys.executable]


@built
def test_the_single_file_runs_with_an_empty_environment() -> None:
    program = str((Path(BUILT) / "kbq-tui").resolve())
    for arguments, words in (
        (("--version",), f"kbq-tui {__version__}"),
        (("schema",), "verify"),
        (("--lang", "de", "--help"), "Beispiele:"),
        (("explain", "KBQ-NO-CREDENTIALS"), "Nobody is signed in"),
    ):
        ended = subprocess.run([program, *arguments], env={}, capture_output=True, text=True, timeout=PATIENCE)
        assert (ended.returncode, words in ended.stdout) == (0, True), ended.stderr


@built
def test_a_read_only_home_does_not_matter(tmp_path: Path) -> None:
    env = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    program = str((Path(BUILT) / "kbq-tui").resolve())
    ended = subprocess.run([program, "--version"], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.stdout == f"kbq-tui {__version__}\n", ended.stderr


@built
def test_page_and_completions_are_in_the_wheel_and_in_the_sdist() -> None:
    inside = {name for name, _ in _members(next(Path(BUILT).glob("*.whl")))}
    source = {name for name, _ in _members(next(Path(BUILT).glob("*.tar.gz")))}
    for name in SHARED:
        assert f"kbq_tui-{__version__}.data/data/share/{name}" in inside
        assert f"kbq_tui-{__version__}/build/share/{name}" in source


@built
def test_the_checksums_are_those_of_the_files() -> None:
    lines = (Path(BUILT) / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((Path(BUILT) / name).read_bytes()).hexdigest() == digest


@built
def test_nothing_of_this_machine_is_inside() -> None:
    found = [
        (file.name, name, seen)
        for file in sorted(Path(BUILT).iterdir())
        for name, data in _members(file)
        if (seen := _of_this_machine(data))
    ]
    assert not found


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, and their common prefix in it."""
    data = file.read_bytes()
    if file.name.endswith(".tar.gz"):
        with tarfile.open(file) as archive:
            for member in archive:
                if member.isfile() and (content := archive.extractfile(member)) is not None:
                    yield member.name, content.read()
    elif zipfile.is_zipfile(file):
        yield "", data[:100_000]
        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
            for name in zipped.namelist():
                yield name, zipped.read(name)
    else:
        yield "", data


def _of_this_machine(data: bytes) -> list[str]:
    return [name for name in _names() if name.encode() in data]


@functools.cache
def _names() -> tuple[str, ...]:
    """What only this machine has: the folder of the sources, the interpreter's, and the registry's name."""
    configured = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    hosts = set(re.findall(r"https?://(?:[^/@\s']*@)?([^/:\s']+)", configured)) - {"pypi.org", "files.pythonhosted.org"}
    names = {str(dist.ROOT), str(Path(sys.base_prefix)) if sys.base_prefix != "/usr" else "", *hosts}
    return tuple(sorted(names - {""}))
