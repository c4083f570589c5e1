"""Any resize at any moment, also during a change: no crash, and in the end the right screen."""

import random
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.journeys.walk import Walk
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

pytestmark = pytest.mark.journey
SIZES = [(1, 1), (300, 100), (59, 15), (60, 16), (80, 24), (2, 200), (200, 2), (120, 30)]


def has_made(sandbox: Served, things: int) -> bool:
    return len(sandbox.ask("writes")) >= things


def has_left(terminal: Terminal, button: str) -> bool:
    return button not in terminal.text()


@pytest.mark.parametrize("seed", range(2))
def test_resized_all_through_an_apply_it_ends_as_ever(tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    with (
        served("fresh", latency_ms=150) as sandbox,
        Terminal([sys.executable, "-m", "kbq_tui", "setup"], sandbox.environ(tmp_path)) as terminal,
    ):
        walk = Walk(terminal)
        walk.begin()
        walk.step(1, "[ Continue ]")
        for number, button in ((2, "[ Create 2 datasets ]"), (3, "[ Create account and key ]")):
            walk.at(number, button)
            walk.enter()
            terminal.until(partial(has_left, terminal, button))  # no key counts while the screen is too small
            for size in choose.choices(SIZES, k=30):
                terminal.resize(*size)
                terminal.read(0.02)
            terminal.until(partial(has_made, sandbox, 2 * (number - 1)))
            for size in (*SIZES, (80, 24)):
                terminal.resize(*size)
                terminal.read()
            walk.at(number, "[ Continue ]")
            walk.enter()
        walk.at(4, "[ Grant 3 roles ]")
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
