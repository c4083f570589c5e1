"""Every command ends with the next step."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.test_click_help import COMMANDS

LEAVES = {path for path, command in COMMANDS.items() if not hasattr(command, "commands")}
RUN = (
    ("plan",),
    ("apply", "--yes"),
    ("plan",),
    ("verify",),
    ("status",),
    ("status", "default"),
    ("values",),
    ("key", "list"),
    ("key", "mend", "--yes"),
    ("export", "sql"),
    ("explain", "Not found: Dataset p:d"),
    ("explain", "--list"),
    ("keys",),
    ("schema",),
    ("connections", "list"),
    ("connections", "show"),
    ("connections", "export"),
    ("connections", "validate"),
    ("key", "shred", "--yes"),
    ("teardown", "--yes"),
    ("connections", "rename", "default", "other", "--yes"),
    ("connections", "remove", "other", "--yes"),
)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_next_step_of_a_command_is_a_command(path: str) -> None:
    if (following := COMMANDS[path].next_step) is not None:
        assert any(f"{following[0]} ".startswith(f"{leaf} ") for leaf in LEAVES)


def test_the_last_line_of_each_command_is_the_next_one(google, call) -> None:
    google("fresh")
    for arguments in RUN:
        ended = call(*arguments)
        assert ended.status == 0, (arguments, ended.err)
        last = [text.rstrip().rpartition("\n")[2] for text in (ended.out, ended.err)]
        assert any(re.search(r"kbq-tui [a-z]", line) for line in last), (arguments, last)


def test_once_the_key_is_handed_over_verify_is_not_followed_by_itself(google, call) -> None:
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("key", "shred", "--yes").status == 0
    assert call("verify").err.rstrip().endswith("Next: kbq-tui status default")


def test_what_a_script_of_gcloud_has_made_is_tried_with_the_key_that_it_made(google, call) -> None:
    google("fresh")
    last = call("export", "gcloud").err.splitlines()[-1]
    assert "kbq-tui verify --key-file klaviyo-data-transfer-user.json" in last
    assert "verify --key-file /k.json" not in call("export", "gcloud", "--key-file", "/k.json").err
    assert "--key-file" not in call("export", "sql").err


def test_a_verification_that_failed_is_repeated_where_nothing_else_is_broken(google, call, tmp_path: Path) -> None:
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("verify").status == 0
    (kept,) = tmp_path.rglob("verify.json")
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"ok": False}))
    seen = call("status", "default")
    assert seen.status == 6
    assert seen.err.splitlines()[-1] == "Next: kbq-tui verify default"


@pytest.mark.parametrize("arguments", [("schema", "--json"), ("connections", "list", "--json")])
def test_a_program_that_reads_json_is_told_nothing(call, arguments: tuple[str, ...]) -> None:
    assert call(*arguments).err == ""


def test_a_plan_folds_what_is_in_place(google, call) -> None:
    google("fresh")
    assert call("apply", "--yes").status == 0
    said = call("plan").out
    assert re.search(r"in place +\d+ parts; -v names them", said)
    assert "KLAVIYO_TMP" not in said
    assert "KLAVIYO_TMP" in call("plan", "-v").out
