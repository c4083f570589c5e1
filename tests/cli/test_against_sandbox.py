"""Commands end to end: Google's real client libraries, real sockets, the sandbox."""

import json
import os
import stat
from pathlib import Path

import pytest

from kbq_tui.cli.bootstrap import build
from kbq_tui.cli.command_options import CliOptions
from kbq_tui.local.paths import Paths

PROJECT = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{PROJECT}.iam.gserviceaccount.com"


def test_a_fresh_project_is_planned_applied_verified_and_healthy(google, call, tmp_path: Path):
    world = google("fresh")

    plan = call("plan", "--json").json
    assert plan["schema"] == "kbq-tui/plan/v1"
    assert plan["connection"] == "default"
    changes = {a["id"]: a["change"] for a in plan["actions"]}
    assert changes["dataset:KLAVIYO_TMP"] == changes["account"] == changes["key"] == "create"
    assert set(plan["actions"][0]) >= {"id", "change", "resource", "summary", "needs"}
    assert plan["blocked"] == []
    assert world.writes() == []  # reading changes nothing

    applied = call("apply", "--yes", "--json")
    assert applied.status == 0, applied.err
    assert {line["schema"] for line in applied.lines} == {"kbq-tui/apply/v1"}
    assert all({"event", "action", "at"} <= set(line) for line in applied.lines)
    summary = applied.lines[-1]
    assert summary["event"] == "summary"
    assert (summary["project_id"], summary["dataset"]) == (PROJECT, "KLAVIYO_IMPORT_FROM_DWH")
    assert (summary["service_account"], summary["location"]) == (EMAIL, "US")
    key = Path(summary["key_path"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert json.loads(key.read_text())["client_email"] == EMAIL

    verified = call("verify", "--json", "--report", str(tmp_path / "report.html"))
    assert verified.status == 0, verified.out
    assert verified.json["schema"] == "kbq-tui/verify/v1"
    assert verified.json["ok"] is True
    assert {c["verdict"] for c in verified.json["checks"]} == {"pass"}
    assert set(verified.json["checks"][0]) >= {"id", "verdict", "title", "evidence", "problem", "seconds"}
    assert "<html" in (tmp_path / "report.html").read_text()

    healthy = call("status", "--json")
    assert healthy.status == 0, healthy.out
    assert healthy.json["healthy"] is True


def test_applying_twice_changes_nothing_the_second_time(google, call):
    world = google("fresh")
    assert call("apply", "--yes").status == 0
    before = world.writes()
    again = call("apply", "--yes")
    assert again.status == 0
    assert "nothing was changed" in again.err
    assert world.writes() == before


def test_what_exists_is_found_in_place_and_nothing_is_written(google, call):
    world = google("existing")
    assert call("apply", "--yes", *world.key_options).status == 0
    assert call("plan", *world.key_options).out.endswith("Everything is in place already.\n")
    assert world.writes() == []
    assert call("verify", *world.key_options).status == 0


def test_datasets_in_the_eu_are_adopted_and_other_grants_stay(google, call):
    world = google("partial")
    datasets = world.sandbox.world.projects[PROJECT].datasets
    before = {name: list(d.access) for name, d in datasets.items()}
    applied = call("apply", "--yes", "--json")
    assert applied.status == 0, applied.err
    assert applied.lines[-1]["location"] == "EU"
    assert "bigquery.datasets.insert" not in world.writes()
    for name, entries in before.items():
        assert [e for e in entries if e not in datasets[name].access] == []
    assert call("verify").status == 0


def test_a_wish_for_another_location_than_what_exists_is_refused(google, call):
    world = google("partial")
    planned = call("plan", "--location", "US", "--json")
    assert planned.status == 1
    assert {b["problem"]["code"] for b in planned.json["blocked"]} == {"KBQ-LOCATION-FIXED"}
    assert world.writes() == []


def test_without_permission_it_says_which_who_and_the_command_to_send(google, call):
    world = google("no-permission")
    planned = call("plan")
    assert planned.status == 4
    applied = call("apply", "--yes")
    assert applied.status == 4
    for words in ("bigquery.datasets.create", "roles/bigquery.user", "who:", "gcloud projects add-iam-policy-binding"):
        assert words in applied.err
    assert applied.out == ""
    assert world.writes() == []


def test_a_blocked_key_names_the_constraint_and_who_lifts_it(google, call):
    google("key-creation-blocked")
    planned = call("plan", "--json")
    assert planned.status == 4
    (blocked,) = planned.json["blocked"]
    assert (blocked["id"], blocked["problem"]["code"]) == ("key", "KBQ-KEY-CREATION-BLOCKED")
    applied = call("apply", "--yes")
    assert applied.status == 4
    assert "iam.disableServiceAccountKeyCreation" in applied.err
    assert "Organization Policy Administrator" in applied.err
    assert "gcloud org-policies" in applied.err


def test_changes_that_arrive_late_are_waited_out_in_sight(google, call):
    world = google("slow-propagation").sandbox.world
    applied = call("apply", "--yes")
    assert applied.status == 0, applied.err
    assert "nothing to do" in applied.err
    waits = [line for line in applied.err.splitlines() if "waiting" in line]
    assert len(waits) == len({line.partition(":")[0] for line in waits}), waits
    _made_just_now(world)
    verified = call("verify", "--json")
    assert verified.status == 0, verified.out
    assert "nothing to do" in verified.err


def _made_just_now(world):
    """Let changes be as new as they can be when the next command reads them, however long the last one took."""
    began, calls, clock = world.clock(), len(world.calls), world.clock
    world._effective = {change: world.effective(change[0]) for change in world._effective}
    world.clock = lambda: began if len(world.calls) < calls + 3 else clock()


@pytest.mark.parametrize("named", [False, True])
def test_a_grant_that_was_not_made_has_failed_at_once_and_says_what_comes_next(google, call, tmp_path, named):
    world = google("fresh")
    options = ["--config", str(tmp_path / "default.toml")] if named else []
    assert call("apply", "--yes", *options).status == 0
    project = world.sandbox.world.projects[PROJECT]
    for dataset in project.datasets.values():
        kept = [e for e in dataset.access if not e.get("userByEmail", "").startswith("klaviyo")]
        world.sandbox.world.set_access(dataset, kept)
    journals = list((Path(os.environ["XDG_STATE_HOME"])).rglob("journal.jsonl"))
    assert len(journals) == 1
    journals[0].unlink()
    verified = call("verify", *options)
    assert verified.status == 6
    assert "waiting" not in verified.err
    assert verified.err.splitlines()[-1] == " ".join(["Next: kbq-tui apply default", *options])
    assert "KBQ-GRANT-MISSING" in verified.out


def test_passing_faults_do_not_stop_it(google, call):
    google("flaky")
    assert call("apply", "--yes").status == 0
    assert call("verify").status == 0


def test_a_connection_that_is_not_set_up_is_not_healthy(google, call):
    google("fresh")
    assert call("status", "--project", PROJECT).status == 6
    assert call("verify").status == 6


def test_one_status_is_one_token_and_one_round_of_calls(google, call):
    world = google("existing", latency_ms=200)
    assert call("status", "--json", *world.key_options).status in (0, 6)
    calls = sorted(world.sandbox.world.calls, key=lambda c: c.at)
    rounds, ends = 0, 0.0
    for one in calls:  # a call that begins after all calls before it have ended begins a new round
        if one.at >= ends:
            rounds += 1
        ends = max(ends, one.at + one.seconds)
    assert rounds <= 3
    assert sum(c.method.startswith("oauth2") or "token" in c.method for c in calls) == 1


def test_a_key_file_that_others_may_read_is_reported_and_mended_on_a_yes(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    path = Path(call("key", "list", "--json").json["key_path"])
    path.chmod(0o644)
    assert "kbq-tui key mend" in call("key", "list").err
    assert call("key", "mend").status == 2  # nobody to ask
    assert path.stat().st_mode & 0o777 == 0o644
    mended = call("key", "mend", "--yes")
    assert mended.status == 0
    assert "0644 is now 0600" in mended.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert "Nothing had to be changed" in call("key", "mend", "--yes").out


def test_keys_are_listed_made_deleted_and_shredded(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    listed = call("key", "list", "--json")
    assert listed.json["schema"] == "kbq-tui/keys/v2"
    (key,) = listed.json["keys"]
    assert key["held_by"] == "here"

    taken = call("key", "create")
    assert taken.status == 1  # the place is in use; no second key is created without a place for it
    assert len(call("key", "list", "--json").json["keys"]) == 1

    assert call("key", "shred").status == 2  # nobody to ask
    path = Path(listed.json["key_path"])
    assert call("key", "shred", "--yes").status == 0
    assert not path.exists()

    # Klaviyo has it: it is not a leftover, and no other key is created because of it
    (given,) = call("key", "list", "--json").json["keys"]
    assert given["held_by"] == "handed-over"
    assert "handed over" in call("key", "list").out
    plan = call("plan", "--json")
    assert {a["id"]: a["change"] for a in plan.json["actions"]}["key"] == "noop"
    assert "KBQ-KEY-UNHELD" not in plan.out + call("status").out
    assert call("apply", "--yes").status == 0
    assert [k["id"] for k in call("key", "list", "--json").json["keys"]] == [key["id"]]

    made = call("key", "create")
    assert made.status == 0, made.err
    assert Path(made.out.strip()).exists()
    assert call("key", "delete", key["id"][:10], "--yes").status == 0
    assert [k["held_by"] for k in call("key", "list", "--json").json["keys"]] == ["here"]
    assert call("key", "delete", "ffffffff", "--yes").status == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("gcloud", "gcloud iam service-accounts create"), ("sql", "CREATE SCHEMA"), ("terraform", "_iam_member")],
)
def test_the_plan_is_exported(google, call, language: str, words: str):
    google("fresh")
    exported = call("export", language)
    assert exported.status == 0
    assert words in exported.out


def test_the_private_key_is_in_no_output_and_no_log(google, call, tmp_path: Path):
    google("fresh")
    said = [call("apply", "--yes", "-vv"), call("verify", "-vv", "--json"), call("doctor"), call("key", "list")]
    key = json.loads(next((tmp_path / "data").rglob("*.json")).read_text())
    body = key["private_key"].split("\n")[1]
    logs = "".join(p.read_text() for p in (tmp_path / "state").rglob("*") if p.is_file())
    assert all(body not in text for s in said for text in (s.out, s.err))
    assert body not in logs
    assert "PRIVATE KEY" not in logs


def test_doctor_tells_what_a_bug_report_needs(google, call):
    google("fresh")
    found = call("doctor", "--json")
    assert found.status == 0, found.out
    assert found.json["schema"] == "kbq-tui/doctor/v1"
    by_name = {f["name"]: f for f in found.json["findings"]}
    assert by_name["signed in"]["ok"] is True
    assert by_name["bigquery"]["ok"] is True
    assert by_name["Log"]["text"].endswith("kbq-tui.log")


@pytest.mark.parametrize("option", ["--report", "--log-file"])
@pytest.mark.parametrize("kind", ["key", "credentials", "notes", "connection", "journal", "pipe", "folder"])
def test_an_output_that_is_no_file_of_its_kind_is_refused_before_the_work(
    google, call, option: str, kind: str, tmp_path: Path
):
    world = google("fresh")
    summary = call("apply", "--yes", "--json").lines[-1]
    paths = Paths.from_env(os.environ)
    path = tmp_path / "out.json"
    sources = {
        "key": Path(summary["key_path"]),
        "credentials": world.sandbox.key_file,
        "connection": paths.connections / "default.toml",
        "journal": paths.of_connection("default") / "journal.jsonl",
    }
    if kind == "pipe":
        os.mkfifo(path, 0o644)
    elif kind == "folder":
        path.mkdir(0o755)
    else:
        path.write_bytes(sources[kind].read_bytes() if kind in sources else b"my notes\n")
    before = path.stat(), path.read_bytes() if path.is_file() else b""
    calls = len(world.sandbox.world.calls)
    ended = call("verify", option, str(path))
    assert ended.status == 2
    assert str(path) in ended.err
    assert "KBQ-FILE-NOT-OURS" in ended.err
    after = path.stat(), path.read_bytes() if path.is_file() else b""
    assert (before[0].st_mode, before[0].st_ino, before[1]) == (after[0].st_mode, after[0].st_ino, after[1])
    assert len(world.sandbox.world.calls) == calls


def test_verdicts_that_cannot_be_remembered_are_shown_and_nothing_is_written_through_a_link(
    google, call, tmp_path: Path
):
    google("fresh")
    key = Path(call("apply", "--yes", "--json").lines[-1]["key_path"])
    before = key.read_bytes()
    path = Paths.from_env(os.environ).of_connection("default") / "verify.json"
    path.unlink(missing_ok=True)
    path.symlink_to(key)
    ended = call("verify", "--json", "--report", str(tmp_path / "r.md"))
    assert ended.status == 2
    assert "KBQ-FILE-NOT-OURS" in ended.err
    assert str(path) in ended.err
    assert ended.json["ok"] is True
    assert (tmp_path / "r.md").exists()
    assert key.read_bytes() == before


def test_a_report_is_replaced_by_the_next_and_by_no_log(google, call, tmp_path: Path):
    google("fresh")
    call("apply", "--yes")
    for kind in ("md", "html", "json"):
        for _ in range(2):
            assert call("verify", "--report", str(tmp_path / f"r.{kind}")).status == 0
        assert call("verify", "--log-file", str(tmp_path / f"r.{kind}")).status == 2
    assert call("verify", "--log-file", str(tmp_path / "log.md")).status == 0
    assert call("verify", "--log-file", str(tmp_path / "log.md")).status == 0
    assert call("verify", "--report", str(tmp_path / "log.md")).status == 2


def test_a_key_that_is_being_stored_is_not_called_one_that_is_not_kept_here(google, call):
    google("fresh")
    path = Path(call("apply", "--yes", "--json").lines[-1]["key_path"])
    path.rename(path.with_suffix(".moved"))
    here = build(CliOptions())
    spec = here.spec()

    def lines() -> dict[str, dict[str, str]]:
        return {line["id"]: line for line in call("status", "--json").json["lines"]}

    # as another process would have it during its apply
    slot = here.keys.reserve(None, spec.project, spec.account_email)
    storing = lines()
    assert "key-unheld" not in storing
    assert storing["key"]["health"] == "unknown"
    slot.abandon()
    assert "key-unheld" in lines()


def test_no_credentials_exit_with_3_and_say_how_to_sign_in(call, tmp_path: Path):
    ended = call("plan", "--project", PROJECT, "--log-file", str(tmp_path / "log"))
    assert "WARNING" in (tmp_path / "log").read_text()
    assert "[KBQ-NO-CREDENTIALS] Nobody is signed in" in (tmp_path / "log").read_text()
    assert ended.status == 3
    assert "gcloud auth application-default login" in ended.err
    assert ended.out == ""


def test_google_out_of_reach_exits_with_5(google, call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    world = google("fresh")
    credentials = tmp_path / "operator.json"
    credentials.write_bytes(world.sandbox.key_file.read_bytes())
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    world.sandbox.stop()
    ended = call("plan", "--timeout", "3")
    assert ended.status == 5
    assert call("status", "--timeout", "3").status == 6


def test_two_processes_do_not_change_one_connection_at_a_time(google, call):
    world = google("fresh")
    with build(CliOptions()).lock():
        held = call("apply", "--yes")
        assert held.status == 1
        assert "KBQ-LOCK-HELD" in held.err
        assert world.writes() == []
        assert call("plan").status == 0  # reading needs no lock
    assert call("apply", "--yes").status == 0


def test_an_interrupted_run_is_reported(google, call):
    google("fresh")
    build(CliOptions()).services.store.journal("default").intend("key", "someone")
    assert "an earlier run ended in the middle of key (someone)" in call("apply", "--yes").err


def test_among_several_connections_each_file_names_its_project(google, call, tmp_path: Path, monkeypatch):
    google("existing")
    folder = tmp_path / "config/kbq-tui/connections"
    folder.mkdir(parents=True)
    (folder / "one.toml").write_text('project = "acme-klaviyo-demo"\n')
    (folder / "two.toml").write_text('project = "another-project"\n')
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "from-environment")
    seen = call("status", "--all", "--json")
    assert seen.status == 6
    assert [line["project_id"] for line in seen.lines] == ["acme-klaviyo-demo", "another-project"]
    alone = call("status", "one", "--json")
    assert alone.json["project_id"] == "from-environment"
    assert "GOOGLE_CLOUD_PROJECT says from-environment, the connection file acme-klaviyo-demo" in alone.err
    assert call("plan").status == 2  # which of the two?
