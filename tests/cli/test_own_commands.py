"""Every command of ours that is printed for a connection has its name and, if given, `--config`."""

import re
import stat
from pathlib import Path

import pytest

from kbq_tui.model.command import Command
from kbq_tui.shell.own_commands import ARGUMENTS, for_connection
from tests.journeys.test_golden import SCREENS

PROJECT = "acme-klaviyo-demo"
_COMMANDS = "|".join(" ".join(path) for path in ARGUMENTS)
OURS = re.compile(rf"kbq-tui (?:{_COMMANDS})\b(?:(?![.,](?: |$))[^\"\\\n)`])*", re.MULTILINE)
SCENARIOS = [
    "fresh",
    "existing",
    "no-billing",
    "over-granted",
    "ten-keys",
    "tombstones",
    "location-forbidden",
    "vpc-sc",
]
LOOKS = [
    ("plan",),
    ("plan", "--json"),
    ("status",),
    ("status", "--json"),
    ("key", "list"),
    ("verify",),
    ("verify", "--json"),
]


def wrong(text: str, name: str, config: str) -> list[str]:
    """Return the commands of ours in a text that do not name the connection."""
    found = {" ".join(match[0].split()) for match in OURS.finditer(text)}
    return sorted(line for line in found if str(for_connection(Command(line), name, config)) != line)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_printed_for_a_connection_carries_its_name_and_its_file(
    google, call, tmp_path: Path, scenario: str
) -> None:
    world = google(scenario)
    file = tmp_path / "prod.toml"
    key = world.env.get("KBQ_TUI_SANDBOX_KEY", "")
    file.write_text(f'project = "{PROJECT}"\n' + (f'key_file = "{key}"\n' if key else ""))
    printed = ""
    for look in LOOKS:
        ended = call(*look, "--config", str(file))
        printed += ended.out + ended.err
    assert wrong(printed, "prod", str(file)) == []
    if scenario in ("fresh", "existing", "no-billing"):
        assert f"kbq-tui verify prod --config {file}" in printed


def test_the_warning_of_an_open_key_file_names_the_command_with_name_and_file(google, call, tmp_path: Path) -> None:
    google("fresh")
    file = tmp_path / "prod.toml"
    assert call("apply", "--yes", "--config", str(file), "--key-file", str(tmp_path / "k.json")).status == 0
    (tmp_path / "k.json").chmod(0o644)
    command = f"kbq-tui key mend prod --config {file}"
    for look in (("key", "list"), ("status",), ("verify",)):
        ended = call(*look, "--config", str(file))
        assert wrong(ended.out + ended.err, "prod", str(file)) == []
    assert command in call("key", "list", "--config", str(file)).err
    assert command in call("status", "-v", "--config", str(file)).err
    assert call("key", "mend", "--yes", "--config", str(file)).status == 0
    assert stat.S_IMODE((tmp_path / "k.json").stat().st_mode) == 0o600


def test_a_problem_that_ends_a_command_names_the_connection(google, call, tmp_path: Path) -> None:
    google("fresh")
    file = tmp_path / "prod.toml"
    assert call("apply", "--yes", "--config", str(file)).status == 0
    ended = call("key", "create", "--config", str(file))
    assert ended.status != 0
    assert f"prod --config {file}" in ended.err
    assert wrong(ended.out + ended.err, "prod", str(file)) == []


def test_without_a_terminal_the_commands_that_do_without_mean_the_connection(call, tmp_path: Path) -> None:
    file = tmp_path / "prod.toml"
    ended = call("setup", "prod", "--config", str(file))
    assert ended.status == 2
    assert f"`kbq-tui apply --yes prod --config {file}`" in ended.err
    assert f"`kbq-tui setup --plain prod --config {file}`" in ended.err
    missing = call("status", "--all")
    assert "There is no connection yet: kbq-tui setup" in missing.out + missing.err


@pytest.mark.parametrize("screen", sorted(SCREENS.glob("*/*/*connect.txt")), ids=lambda path: "-".join(path.parts[-3:]))
def test_the_last_screen_names_the_connection(screen: Path) -> None:
    assert wrong(screen.read_text("utf-8"), "default", "") == []
