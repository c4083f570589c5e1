"""A separate tmux server with one window."""

import os
import subprocess
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.polling import PATIENCE, wait_until


class Tmux:
    """A program in tmux.

    Args:
        command: for the shell.
        home: the program's HOME.
        columns, rows: size in cells.
        more: further variables of its environment.
    """

    def __init__(
        self, command: str, home: Path, columns: int, rows: int, more: Mapping[str, str] | None = None
    ) -> None:
        self._base = ["tmux", "-L", f"kbq-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        size = ["-x", str(columns), "-y", str(rows)]
        subprocess.run(
            [*self._base, "-u", "new-session", "-d", *size, command], env={**env, **(more or {})}, check=True
        )
        subprocess.run([*self._base, "set-option", "-g", "remain-on-exit", "on"], check=True)

    def text(self) -> str:
        return subprocess.run([*self._base, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def keys(self, *names: str) -> None:
        subprocess.run([*self._base, "send-keys", *names], check=True)

    def move(self, *names: str) -> None:
        """Press keys, each of which except the last moves the focus, and with it the cursor."""
        for name in names[:-1]:
            before = self.cursor()
            self.keys(name)
            self.when(lambda _: self.cursor() != before, lambda: f"{name} moved nothing.")  # noqa: B023  waited for here
        self.keys(*names[-1:])

    def resize(self, columns: int, rows: int) -> None:
        """Resize the window."""
        subprocess.run([*self._base, "resize-window", "-x", str(columns), "-y", str(rows)], check=True)

    def cursor(self) -> str:
        asked = [*self._base, "display-message", "-p", "#{cursor_x},#{cursor_y}"]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout

    def paste(self, text: str) -> None:
        """Paste as a terminal does, bracketed."""
        subprocess.run([*self._base, "load-buffer", "-"], input=text, text=True, check=True)
        subprocess.run([*self._base, "paste-buffer", "-p"], check=True)

    def when(self, ready: Callable[[str], bool], why: Callable[[], str], seconds: float = PATIENCE) -> str:
        """Wait until the screen is as expected; return it."""
        text = ""

        def shown() -> bool:
            nonlocal text
            text = self.text()
            return ready(text)

        wait_until(shown, lambda: f"{why()}\n\nThe screen is:\n{text}", seconds, pause=0.1)
        return text

    def until(self, *marks: str, seconds: float = PATIENCE) -> str:
        """Wait until the screen has these marks, and does not change."""
        before = ""

        def rests(text: str) -> bool:
            nonlocal before
            same, before = text == before, text
            return same and all(m in text for m in marks)

        return self.when(rests, lambda: f"{marks} never came.", seconds)

    def buffer(self) -> str:
        return subprocess.run([*self._base, "show-buffer"], check=True, capture_output=True, text=True).stdout

    def end(self) -> None:
        subprocess.run([*self._base, "kill-server"], check=False)
