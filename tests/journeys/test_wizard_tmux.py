"""The same walk in tmux, which many operators live in; and make demo without a terminal."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not shutil.which("tmux"), reason="LEFT OUT: tmux is not installed, nothing was tried in it"),
]


class Tmux:
    """A tmux server of its own with one window."""

    def __init__(self, command: str, home: Path, columns: int, rows: int) -> None:
        self._base = ["tmux", "-L", f"kbq-{uuid.uuid4().hex[:8]}", "-f", "/dev/null"]
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        size = ["-x", str(columns), "-y", str(rows)]
        subprocess.run([*self._base, "-u", "new-session", "-d", *size, command], env=env, check=True)
        subprocess.run([*self._base, "set-option", "-g", "remain-on-exit", "on"], check=True)

    def text(self) -> str:
        return subprocess.run([*self._base, "capture-pane", "-p"], check=True, capture_output=True, text=True).stdout

    def keys(self, *names: str) -> None:
        subprocess.run([*self._base, "send-keys", *names], check=True)

    def until(self, *marks: str, seconds: float = 60.0) -> str:
        deadline = time.monotonic() + seconds
        before = ""
        while time.monotonic() < deadline:
            text = self.text()
            if all(m in text for m in marks) and text == before:
                return text
            before = text
            time.sleep(0.1)
        raise AssertionError(f"{marks} never came:\n{self.text()}")

    def buffer(self) -> str:
        return subprocess.run([*self._base, "show-buffer"], check=True, capture_output=True, text=True).stdout

    def end(self) -> None:
        subprocess.run([*self._base, "kill-server"], check=False)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 36)])
def test_demo_in_tmux_from_the_first_screen_to_the_summary(tmp_path: Path, columns: int, rows: int) -> None:
    tmux = Tmux(f"{sys.executable} -m kbq_tui demo", tmp_path, columns, rows)
    try:
        tmux.until("[ Begin ]", "F10")
        tmux.keys("Enter")
        for step, button in (
            ("Step 1 of 6", "[ Continue ]"),
            ("Step 2 of 6", "[ Create 2 datasets ]"),
            ("Step 2 of 6", "[ Continue ]"),
            ("Step 3 of 6", "[ Create account and key ]"),
            ("Step 3 of 6", "[ Continue ]"),
            ("Step 4 of 6", "[ Grant 3 roles ]"),
            ("Step 4 of 6", "[ Continue ]"),
            ("Step 5 of 6", "[ Continue ]"),
        ):
            tmux.until(step, button, "F10")
            tmux.keys("Enter")
        last = tmux.until("Step 6 of 6", "Proven", "acme-klaviyo-demo", "KLAVIYO_IMPORT_FROM_DWH")
        assert ".json" in last
        tmux.keys("1")
        tmux.until("clipboard")
        assert tmux.buffer() == "acme-klaviyo-demo"
        tmux.keys("F10")
        tmux.until("Project ID                  acme-klaviyo-demo")
    finally:
        tmux.end()
