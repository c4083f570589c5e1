"""The guided set-up, walked in a real pseudo-terminal at 80x24 with the keyboard alone."""

import json
import os
import re
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.test_ssh import PROPAGATING
from tests.journeys.walk import Walk
from tests.support.outputs import output
from tests.support.polling import PATIENCE
from tests.support.pty import Terminal
from tests.support.sandbox import Served, served

pytestmark = pytest.mark.journey
PROGRAM = [sys.executable, "-m", "kbq_tui"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


def operator_writes(sandbox: Served) -> list[str]:
    """What was written with the operator's own login; the verification's probe runs as the service account."""
    return [c["method"] for c in sandbox.ask("writes") if "klaviyo-data-transfer-user" not in c["principal"]]


def test_demo_leads_from_nothing_to_the_summary(home: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with Terminal([*PROGRAM, "demo", "--keep", str(home / "kept")], env, rows=30) as terminal:  # its path is long
        walk = Walk(terminal)
        walk.begin()
        walk.step(1, "[ Continue ]")
        walk.step(2, "[ Create 2 datasets ]")
        walk.step(3, "[ Create account and key ]")
        walk.step(4, "[ Grant 3 roles ]")
        walk.step(5, "[ Continue ]")
        walk.at(6, "each check is ok")
        project, dataset, key = walk.values()
        terminal.send("\x1b[21~")
        assert terminal.wait() == 0
        said = terminal.left()
    assert (project, dataset) == ("acme-klaviyo-demo", "KLAVIYO_IMPORT_FROM_DWH")
    assert json.loads(Path(key).read_text())["project_id"] == project
    assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    assert "Project ID                  acme-klaviyo-demo" in said
    assert b"PRIVATE KEY" not in terminal.raw
    assert json.loads(Path(key).read_text())["private_key"][40:80].encode() not in terminal.raw


def test_over_ssh_a_wait_for_propagation_sends_one_small_line_a_second(home: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "propagating.toml"
    scenario.write_text(PROPAGATING)
    with served(str(scenario)) as sandbox:
        env = {**sandbox.environ(home), "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
        assert sandbox.run("apply", "--yes", home=home).returncode == 0
        with Terminal([*PROGRAM, "setup"], env) as terminal:
            terminal.until_text("Step 5 of 6", "Nothing was checked yet")
            terminal.send("r")
            terminal.until_text("Stop waiting", "Checking with the key")
            began, sent = time.monotonic(), 0
            while (passed := time.monotonic() - began) < 3 or not sent:
                assert passed < PATIENCE
                sent += terminal.read(max(3 - passed, 0.1))
            assert 0 < sent <= 200 * (time.monotonic() - began)


def test_what_is_in_place_is_adopted_and_nothing_is_written(home: Path) -> None:
    with served("existing") as sandbox:
        before = sandbox.ask("state")
        command = [*PROGRAM, "setup", "--key-file", sandbox.env["KBQ_TUI_SANDBOX_KEY"]]
        with Terminal(command, sandbox.environ(home)) as terminal:
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            for number in (2, 3, 4):
                walk.step(number, "[ Continue ]")
            assert not sandbox.ask("writes"), "nothing at all is written before the verification"
            walk.step(5, "[ Continue ]")
            walk.at(6, "each check is ok")
            terminal.send("\x1b[21~")
            assert terminal.wait() == 0
        assert not operator_writes(sandbox)
        assert sandbox.ask("state") == before
    for step in ("Datasets", "Service account", "Permissions"):
        assert "already in place" in walk.seen[step], walk.seen[step]
        assert "Create" not in walk.seen[step]


def test_datasets_in_the_eu_are_adopted_and_no_other_grant_is_touched(home: Path) -> None:
    with served("partial") as sandbox:
        before = sandbox.ask("state")["projects"][sandbox.project]["datasets"]
        with Terminal([*PROGRAM, "setup"], sandbox.environ(home)) as terminal:
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            assert "EU" in walk.seen["Project"]
            walk.step(2, "[ Continue ]")
            walk.step(3, "[ Create account and key ]")
            walk.step(4, "[ Grant 3 roles ]")
            walk.step(5, "[ Continue ]")
            walk.at(6, "each check is ok")
            terminal.send("\x1b[21~")
            assert terminal.wait() == 0
            assert "Location                    EU" in terminal.left()
        after = sandbox.ask("state")["projects"][sandbox.project]["datasets"]
        for name, dataset in before.items():
            assert after[name]["location"] == "EU"
            assert all(entry in after[name]["access"] for entry in dataset["access"])
            assert after[name]["tables"] == dataset["tables"]
            assert after[name]["labels"] == dataset["labels"]
    assert "already in place" in walk.seen["Datasets"]


@pytest.mark.parametrize(
    ("scenario", "names", "sends"),
    [
        ("no-permission", ["bigquery.datasets.create", "BigQuery User"], "roles/bigquery.user"),
        (
            "key-creation-blocked",
            ["iam.disableServiceAccountKeyCreation", "Organization Policy Administrator"],
            "gcloud org-policies",
        ),
    ],
)
def test_what_stands_in_the_way_is_named_with_who_can_help_and_the_command(
    home: Path, scenario: str, names: list[str], sends: str
) -> None:
    with served(scenario) as sandbox, Terminal([*PROGRAM, "setup"], sandbox.environ(home)) as terminal:
        walk = Walk(terminal)
        walk.begin()
        walk.at(1, "in the way")
        terminal.send("\x1b[A")  # from the button up to the first row that blocks
        terminal.until_text("Remedy", "Who")
        walk.enter()
        terminal.until_text("What is wrong", "What to do")
        terminal.settle(0.3)
        pages = terminal.text()
        for _ in range(12):
            terminal.send("\x1b[6~")
            terminal.settle(0.2)
            pages += "\n" + terminal.text()
        flat = " ".join(re.sub("[│▁-█]", " ", pages).split())
        for name in names:
            assert name in flat, pages
        assert sends in flat, pages
        assert not sandbox.ask("writes")


def test_leaving_and_coming_back_lands_on_the_same_screen_and_changes_nothing_twice(home: Path) -> None:
    with served("fresh") as sandbox:
        with Terminal([*PROGRAM, "setup"], sandbox.environ(home)) as terminal:
            walk = Walk(terminal)
            walk.begin()
            walk.step(1, "[ Continue ]")
            walk.step(2, "[ Create 2 datasets ]")
            walk.at(3, "[ Create account and key ]")
            terminal.send("\x1b[21~")
            assert terminal.wait() == 0
        written = operator_writes(sandbox)
        with Terminal(PROGRAM, sandbox.environ(home)) as terminal:
            walk = Walk(terminal)
            walk.at(3, "[ Create account and key ]")
            terminal.send("\x03")
            terminal.settle(0.3)
            terminal.send("\x03")
            assert terminal.wait() in (0, 130)
        assert operator_writes(sandbox) == written


def test_applying_twice_changes_nothing_the_second_time() -> None:
    with served("fresh") as sandbox:
        assert sandbox.run("apply", "--yes").returncode == 0
        state, written = sandbox.ask("state"), len(sandbox.ask("writes"))
        second = sandbox.run("apply", "--yes", "--json")
        assert second.returncode == 0
        assert len(sandbox.ask("writes")) == written
        assert sandbox.ask("state") == state
        last = output(second.stdout.splitlines()[-1])
        assert last["event"] == "summary"
        assert last["project_id"] == sandbox.project
