"""Streams that are closed, full or no longer read: work that has begun is finished, and there is no traceback."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kbq_tui.cli.console import Console
from tests.support.polling import PATIENCE

PROJECT = "acme-klaviyo-demo"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which KBQ is the program; its status is that of the first command that fails."""
    line = line.replace("KBQ", f"{shlex.quote(sys.executable)} -m kbq_tui")
    return subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=PATIENCE)


def calm(ended: subprocess.CompletedProcess[str]) -> None:
    for word in ("Traceback", "unexpected error", "Exception", 'File "'):
        assert word not in ended.stdout + ended.stderr, ended


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["--version", "explain 'Access Denied'"])
def test_a_closed_stream_is_treated_like_a_missing_one(command: str, closed: str):
    ended = shell(f"KBQ {command} {closed}")
    calm(ended)
    assert ended.returncode == 0, ended


def test_the_guided_set_up_on_closed_streams_says_which_command_to_use():
    ended = shell("KBQ setup <&- >&-")
    calm(ended)
    assert ended.returncode == 2
    assert "--plain" in ended.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_apply_does_its_work_whatever_stream_is_closed(google, closed: str, tmp_path: Path):
    world = google("fresh")
    ended = shell(f"KBQ apply --yes --location EU {closed}")
    calm(ended)
    assert ended.returncode == 0, ended
    (account,) = world.sandbox.world.projects[PROJECT].service_accounts.values()
    (key,) = (tmp_path / "data").rglob("*.json")
    assert [json.loads(key.read_text())["private_key_id"]] == list(account.keys)


@FULL
def test_apply_does_its_work_where_what_it_says_cannot_be_written(google, tmp_path: Path):
    google("fresh")
    assert shell("KBQ apply --yes --location EU 2>/dev/full").returncode == 0
    assert list((tmp_path / "data").rglob("*.json"))


@FULL
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command", ["--version", "--help", "explain x", "demo --list", "apply --yes --location EU --json"]
)
def test_results_that_cannot_be_written_are_told_as_that(
    google, command: str, unbuffered: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    google("fresh")
    ended = shell(f"KBQ {command} >/dev/full")
    calm(ended)
    assert ended.returncode == 1
    assert "Standard output cannot be written: No space left on device." in ended.stderr


@FULL
def test_where_nothing_at_all_can_be_written_the_status_is_still_one_of_ours():
    assert shell("KBQ explain x >/dev/full 2>/dev/full").returncode == 1


@pytest.mark.parametrize("lines", [0, 1, 4])
def test_a_reader_of_events_that_goes_away_is_no_drama(google, lines: int):
    google("fresh")
    ended = shell(f"KBQ apply --yes --location EU --json | head -n {lines}")
    calm(ended)
    assert ended.returncode == 1
    assert shell("KBQ apply --yes").returncode == 0, "the next run goes on"


def test_a_closed_standard_error_stops_nothing():
    class BrokenStream:
        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise BrokenPipeError

    console = Console(BrokenStream(), BrokenStream())  # type: ignore[arg-type]
    console.say("a note")
    console.ask("a question")
    with pytest.raises(BrokenPipeError):
        console.result("a result")
