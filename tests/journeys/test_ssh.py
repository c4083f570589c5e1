"""The guided set-up over a real SSH connection: what is sent while nothing happens, and after the connection breaks."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.walk import Walk
from tests.support.polling import PATIENCE, wait_until
from tests.support.pty import Terminal
from tests.support.sandbox import served
from tests.support.sshd import Sshd, ended, sshd, why_not

pytestmark = [pytest.mark.journey, pytest.mark.skipif(bool(why_not()), reason=why_not())]

PROGRAM = [sys.executable, "-m", "kbq_tui"]
FRESH = """\
description = "Made for a test."
project = "acme-klaviyo-demo"

[operator.roles]
acme-klaviyo-demo = ["roles/owner"]

[[projects]]
id = "acme-klaviyo-demo"
name = "Acme Klaviyo demo"

[[projects.bindings]]
role = "roles/owner"
members = ["user:owner@acme.example"]
"""
HANGING = f"""{FRESH}
[[faults]]
method = "iam.serviceAccounts.create"
kind = "hang"
when = "after"
nth = 1
seconds = 3600
"""
PROPAGATING = f"""{FRESH}
[delays]
key = 600
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


def client(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color"}


def cut(terminal: Terminal, server: Sshd, pid_file: Path) -> None:
    """Break the connection: the client is killed, and sshd notices."""
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.wait()
    wait_until(lambda: ended(pid_file), lambda: "the program outlives its terminal")


def test_cut_in_the_middle_of_a_change_it_goes_on_where_it_was_with_one_key(home: Path, tmp_path: Path) -> None:
    scenario, pid_file = tmp_path / "hanging.toml", tmp_path / "pid"
    scenario.write_text(HANGING)
    with served(str(scenario)) as sandbox, sshd(tmp_path / "ssh") as server:
        env = {**sandbox.environ(home), "LC_ALL": "C.UTF-8"}
        first = server.command(env, [*PROGRAM, "setup", "--location", "EU"], pid_file)
        with Terminal(first, client(home)) as terminal:
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            walk.step(2, "[ Create 2 datasets ]")
            walk.at(3, "[ Create account and key ]")
            terminal.settle(quiet=1.5)
            assert terminal.read(2.0) == 0, "a settled screen sends nothing"
            walk.enter()
            terminal.until(lambda: "iam.serviceAccounts.create" in made(sandbox.ask("writes")), 60)
            terminal.until_text("Working")
            assert b"\x1b[?1000h" not in terminal.raw, "the mouse is off over SSH"
            cut(terminal, server, pid_file)
        again = server.command(env, PROGRAM, pid_file)
        with Terminal(again, client(home)) as terminal:
            walk = Walk(terminal)
            terminal.until_text("Step 3 of 6", "The last run was interrupted")
            walk.step(3, "[ Create key ]")
            walk.step(4, "[ Grant 3 roles ]")
            walk.step(5, "[ Continue ]")
            walk.at(6, "each check is ok")
            _, _, key = walk.values()
            terminal.send("\x1b[21~")
            assert terminal.wait() == 0
            assert "Location                    EU" in terminal.left()
        (account,) = sandbox.ask("state")["projects"][sandbox.project]["service_accounts"].items()
        assert made(sandbox.ask("writes")).count("iam.serviceAccountKeys.create") == 1
        assert account[1]["keys"] == 1
        assert json.loads(Path(key).read_text())["client_email"] == account[0]


def made(writes: list[dict[str, str]]) -> list[str]:
    return [w["method"] for w in writes]


def test_over_ssh_a_settled_screen_sends_nothing_and_a_wait_one_small_line_a_second(home: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "propagating.toml"
    scenario.write_text(PROPAGATING)
    with served(str(scenario)) as sandbox, sshd(tmp_path / "ssh") as server:
        env = {**sandbox.environ(home), "LC_ALL": "C.UTF-8"}
        assert sandbox.run("apply", "--yes", home=home).returncode == 0
        with Terminal(server.command(env, [*PROGRAM, "setup"], tmp_path / "pid"), client(home)) as terminal:
            terminal.until_text("Step 5 of 6", "Stop waiting", "Checking with the key")
            began, sent = time.monotonic(), 0
            while (passed := time.monotonic() - began) < 6 or not sent:
                assert passed < PATIENCE
                sent += terminal.read(max(6 - passed, 0.1))
            assert 0 < sent <= 200 * (time.monotonic() - began)
