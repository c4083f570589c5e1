"""A saved plan is applied exactly, or not at all; the file is private and contains no secret."""

import json
import stat
from pathlib import Path

import pytest

from kbq_tui.sandbox.bigquery import seed
from tests.support.outputs import output

PROJECT = "acme-klaviyo-demo"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plans" / "monday.json"


def test_a_saved_plan_is_carried_out_just_so(google, call, path: Path, tmp_path: Path):
    there = google("fresh")
    planned = call("plan", "--project", PROJECT, "--location", "EU", "--out", str(path))
    assert planned.status == 0, planned.err
    assert f"kbq-tui apply {path}" in planned.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    saved = output(path.read_text())
    assert (saved["connection"]["location"], saved["filed"]) == ("EU", None)
    done = call("apply", str(path), "--yes", "--json")
    assert done.status == 0, done.err
    assert {*done.lines[-1]["done"]} == saved["changes"].keys()
    assert done.lines[-1]["location"] == "EU"
    assert there.writes()
    assert 'location = "EU"' in (tmp_path / "config/kbq-tui/connections/default.toml").read_text()
    key = json.loads(Path(done.lines[-1]["key_path"]).read_text())["private_key"]
    assert key[40:80] not in path.read_text()


def test_what_was_done_meanwhile_makes_a_plan_stale_and_is_named(google, call, path: Path):
    there = google("fresh")
    assert call("plan", "--out", str(path)).status == 0
    assert call("apply", "--yes").status == 0
    assert call("key", "shred", "--yes").status == 0
    before = there.writes()
    stale = call("apply", str(path), "--yes")
    assert stale.status == 1
    assert "KBQ-STALE-PLAN" in stale.err
    assert there.writes() == before


def test_a_plan_that_is_refused_leaves_no_connection(google, call, path: Path):
    there = google("fresh")
    assert call("plan", "--project", PROJECT, "--out", str(path)).status == 0
    with there.sandbox.world.lock:
        seed(there.sandbox.context, PROJECT, ["CREATE SCHEMA KLAVIYO_TMP"])
    before = there.writes()
    assert call("apply", str(path), "--yes").status == 1
    assert there.writes() == before
    assert call("connections", "list", "--json").json["connections"] == []


def test_what_others_changed_at_google_is_told(google, call, path: Path, tmp_path: Path):
    there = google("fresh")
    assert call("plan", "--out", str(path)).status == 0
    other = call("apply", "--yes", "--staging-dataset", "OTHER_TMP", "other")
    assert other.status == 0
    before = there.writes()
    stale = call("apply", str(path), "--yes")
    assert (stale.status, there.writes()) == (1, before)
    assert "in the saved plan, and not to be done any more: create dataset:KLAVIYO_IMPORT_FROM_DWH" in stale.err
    assert "KBQ-STALE-PLAN" in stale.err


def test_a_connection_that_was_edited_meanwhile_makes_a_plan_stale(google, call, path: Path, tmp_path: Path):
    there = google("fresh")
    file = tmp_path / "config/kbq-tui/connections/shop.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'project = "{PROJECT}"\n')
    assert call("plan", "shop", "--out", str(path)).status == 0
    file.write_text(f'project = "{PROJECT}"\nstaging_dataset = "OTHER"\n')
    stale = call("apply", str(path), "--yes")
    assert (stale.status, there.writes()) == (1, [])
    assert "changed in the connection since: staging_dataset" in stale.err
    file.unlink()
    gone = call("apply", str(path), "--yes")
    assert (gone.status, there.writes()) == (1, [])
    assert "was made or removed since" in gone.err


def test_the_environment_cannot_lead_a_saved_plan_elsewhere(google, call, path: Path, monkeypatch):
    google("fresh")
    assert call("plan", "--out", str(path)).status == 0
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "another-project")
    done = call("apply", str(path), "--yes", "--json")
    assert done.status == 0, done.err
    assert done.lines[-1]["project_id"] == PROJECT


def test_what_a_plan_has_fixed_is_not_typed_again(google, call, path: Path):
    there = google("fresh")
    assert call("plan", "--out", str(path)).status == 0
    for option in (("--location", "US"), ("--project", PROJECT), ("--service-account", "klaviyo-other")):
        ended = call("apply", str(path), "--yes", *option)
        assert ended.status == 2
        assert f"The saved plan has fixed {option[0]}" in ended.err
    assert there.writes() == []


def test_over_grants_are_taken_away_by_the_plan_that_shows_it(google, call, path: Path):
    there = google("over-granted")
    assert call("plan", *there.key_options, "--remove-over-grants", "--out", str(path)).status == 0
    assert "delete" in output(path.read_text())["changes"].values()
    assert call("apply", str(path), "--yes").status == 0
    assert there.writes()


def test_a_plan_that_cannot_be_used_is_refused_with_words(google, call, path: Path):
    there = google("fresh")
    assert call("plan", "--out", str(path)).status == 0
    whole = path.read_text()
    for content, says in (
        (whole[: len(whole) // 2], "cut short"),
        ("", "cut short"),
        (
            whole.replace("saved-plan/v1", "saved-plan/v2").replace('"tool": "kbq-tui', '"tool": "kbq-tui 9'),
            "newer version",
        ),
        (json.dumps({**json.loads(whole), "fingerprint": None, "changes": []}), "missing or was changed"),
        (json.dumps({**json.loads(whole), "connection": {"project": "X"}}), "missing or was changed"),
        ('{"schema": "kbq-tui/saved-plan/v9"}', "newer version made it (kbq-tui/saved-plan/v9)"),
        ("[1]", "no plan that kbq-tui saved"),
        ('{"schema": "kbq-tui/plan/v1"}', "no plan that kbq-tui saved"),
    ):
        path.write_text(content)
        ended = call("apply", str(path), "--yes")
        assert (ended.status, ended.out) == (2, ""), says
        assert "KBQ-PLAN-FILE" in ended.err
        assert says in " ".join(ended.err.split())
    path.unlink()
    missing = call("apply", str(path), "--yes")
    assert missing.status == 2
    assert "KBQ-PLAN-FILE" in missing.err
    assert there.writes() == []


def test_a_name_means_the_connection_also_where_a_file_is_called_so(google, call, tmp_path: Path, monkeypatch):
    google("fresh")
    monkeypatch.chdir(tmp_path)
    Path("shop").write_text("notes\n")
    done = call("apply", "shop", "--yes")
    assert done.status == 0, done.err
    assert (tmp_path / "config/kbq-tui/connections/shop.toml").exists()
    assert call("plan", "shop", "--out", "monday").status == 0
    assert call("apply", "monday", "--yes").status == 0


def test_nothing_is_written_over_that_is_no_plan(google, call, tmp_path: Path):
    google("fresh")
    path = tmp_path / "notes.txt"
    path.write_text("mine\n")
    ended = call("plan", "--out", str(path))
    assert ended.status == 2, ended.err
    assert path.read_text() == "mine\n"
    assert ended.out == ""
