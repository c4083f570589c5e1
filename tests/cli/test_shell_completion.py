"""Completion in real shells, each in a pty: the text before Tab, and the line afterwards."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.pty import Terminal

SHELLS = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
BEGIN = {
    "bash": "PS1='> '; eval \"$(kbq-tui completion bash)\"",
    "zsh": "PROMPT='> '; autoload -Uz compinit; compinit -u -D; eval \"$(kbq-tui completion zsh)\"",
    "fish": "function fish_prompt; echo '> '; end; kbq-tui completion fish | source",
}
TYPED = (
    ("setup --direction=exp", "setup --direction=export"),
    ("setup --direction exp", "setup --direction export"),
    ("setup --theme=dar", "setup --theme=dark"),
    ("--lang=d", "--lang=de"),
    ("setup --credentials=cred", "setup --credentials=credentials.json"),
    ("setup --credentials cred", "setup --credentials credentials.json"),
    ("setup --dire", "setup --direction"),
    ("export ter", "export terraform"),
    ("key rot", "key rotate"),
)


@contextmanager
def shell(name: str, folder: Path) -> Iterator[Terminal]:
    """A shell with the completion, in a folder with one file."""
    program = folder / "bin/kbq-tui"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{warm.python()}" -m kbq_tui "$@"\n')
    program.chmod(0o755)
    (folder / "work").mkdir()
    (folder / "work/credentials.json").touch()
    env = {
        "HOME": str(folder),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = ["sh", "-c", f'cd "$0" && exec {" ".join(SHELLS[name])}', str(folder / "work")]
    with Terminal(command, env, columns=100) as terminal:
        terminal.settle(0.3)
        terminal.send(f"{BEGIN[name]}; echo rea''dy\r")
        terminal.until_text("\nready")
        yield terminal


@pytest.mark.journey
@pytest.mark.parametrize("name", SHELLS)
def test_tab_completes_what_is_typed(name: str, tmp_path: Path) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed: its completion is not tested here")
    with shell(name, tmp_path) as terminal:
        for typed, there in TYPED:
            terminal.send("\x0c")  # a clean screen
            terminal.settle(0.1)
            terminal.send(f"kbq-tui {typed}\t")
            wanted = f"kbq-tui {there}"
            terminal.until(lambda wanted=wanted: _line(terminal).rstrip() == wanted)  # type: ignore[misc]
            terminal.send("\x15")


def _line(terminal: Terminal) -> str:
    """The line that is being edited."""
    return next((line.partition("> ")[2] for line in terminal.text().splitlines() if "> kbq-tui" in line), "")
