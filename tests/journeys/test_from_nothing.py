"""An operator without a login or a file of ours gets to the three values."""

import json
import sys
from pathlib import Path

import pytest

from tests.journeys.walk import Walk
from tests.support import stand_in_gcloud
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

pytestmark = pytest.mark.journey


def nobody(sandbox: Served, home: Path) -> dict[str, str]:
    """The environment of a new machine: gcloud is installed, and nothing else was done."""
    home.mkdir(mode=0o700)
    path = stand_in_gcloud.put(home / "bin", sandbox.env["GOOGLE_APPLICATION_CREDENTIALS"])
    env = sandbox.environ(home)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CONFIG", "CLOUDSDK_CORE_PROJECT"):
        env.pop(name, None)
    return {**env, "PATH": f"{path}:{env['PATH']}", "NO_GCE_CHECK": "true"}


def test_the_screens_lead_from_nothing_to_the_three_values(tmp_path: Path) -> None:
    with served("fresh") as sandbox:
        env = nobody(sandbox, tmp_path / "home")
        with Terminal([sys.executable, "-m", "kbq_tui"], env, rows=30) as terminal:
            walk = Walk(terminal)
            walk.begin()
            terminal.until_text("Nobody is signed in", "Sign in now")
            terminal.send(f"{sandbox.project}\r")
            walk.on("[ Sign in now ]")
            walk.enter()
            terminal.until_text(stand_in_gcloud.LINK[:60], "verification code")
            terminal.send(f"{stand_in_gcloud.CODE}\r")
            walk.step(1, "[ Continue ]")
            assert "Signed in as" in walk.seen["Project"]
            walk.step(2, "[ Create 2 datasets ]")
            walk.step(3, "[ Create account and key ]")
            walk.step(4, "[ Grant 3 roles ]")
            walk.step(5, "[ Continue ]")
            walk.at(6, "each check is ok")
            project, dataset, key = walk.values()
            terminal.send("\x1b[21~")
            assert terminal.wait() == 0
    assert (project, dataset) == (sandbox.project, "KLAVIYO_IMPORT_FROM_DWH")
    assert json.loads(Path(key).read_text())["project_id"] == project


def test_the_plain_setup_takes_a_wrong_code_a_right_one_and_goes_on(tmp_path: Path) -> None:
    with served("fresh") as sandbox:
        env = nobody(sandbox, tmp_path / "home")
        with Terminal([sys.executable, "-m", "kbq_tui", "setup", "--plain"], env, columns=120, rows=60) as terminal:
            for answer, question in (
                ("", "1. Sign in with gcloud now"),
                ("wrong", "verification code"),
                ("y", "2. Try again [Y/n]"),
                ("y", "3. Sign in with gcloud now"),
            ):
                terminal.until_text(question)
                terminal.send(f"{answer}\r")
            terminal.until(lambda: terminal.text().count("verification code") == 2)
            terminal.send(f"{stand_in_gcloud.CODE}\r")
            terminal.until_text("gcloud application default login", "Project ID")
            terminal.send("\x04")
            assert terminal.wait() == 2
