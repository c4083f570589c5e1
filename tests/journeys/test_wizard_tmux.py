"""The same walk in tmux, which many operators use; and make demo without a terminal."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.journeys.tmux import Tmux

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not shutil.which("tmux"), reason="LEFT OUT: tmux is not installed, nothing was tried in it"),
]


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
            ("Step 5 of 6: Verify", "Verified:"),
        ):
            tmux.until(step, button, "F10")
            tmux.keys("Enter")
        last = tmux.until("Step 6 of 6", "each check is ok", "acme-klaviyo-demo", "KLAVIYO_IMPORT_FROM_DWH")
        assert ".json" in last
        tmux.keys("1")
        tmux.until("clipboard")
        assert tmux.buffer() == "acme-klaviyo-demo"
        tmux.keys("F10")
        tmux.until("Project ID                  acme-klaviyo-demo")
    finally:
        tmux.end()
