"""`teardown` against the sandbox: afterwards everything is as it was before the set-up."""

from pathlib import Path

import pytest

from kbq_tui.sandbox import control
from kbq_tui.sandbox.bigquery import seed
from kbq_tui.sandbox.faults import Rule

P = "acme-klaviyo-demo"
EMAIL = f"klaviyo-data-transfer-user@{P}.iam.gserviceaccount.com"


def state(there) -> dict:
    return control.state(there.sandbox.world)


@pytest.mark.parametrize("scenario", ["fresh", "partial"])
def test_all_is_as_it_was_before_the_set_up(google, call, scenario):
    there = google(scenario)
    before = state(there)
    location = () if scenario == "fresh" else ("--location", "EU")
    assert call("apply", "--yes", *location).status == 0
    key = Path(call("key", "list", "--json").json["key_path"])
    preview = call("teardown", "--dry-run", "--json")
    assert preview.json["schema"] == "kbq-tui/plan/v1"
    assert state(there) != before
    gone = call("teardown", "--yes")
    assert gone.status == 0, gone.err
    assert state(there) == before
    assert not key.exists()
    assert "kbq-tui connections remove default" in gone.err
    again = call("teardown", "--yes")
    assert again.status == 0, again.err
    assert "Nothing of ours is left" in again.err
    writes = len(there.writes())
    assert call("apply", "--yes", *location).status == 0  # and it can be set up again
    assert len(there.writes()) > writes


def test_what_another_connection_needs_is_not_called_nothing(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("apply", "other", "--yes").status == 0
    kept = call("teardown", "other", "--yes")
    assert kept.status == 0, kept.err
    assert "or is used by others, stays." in kept.err
    assert "default" in kept.err


def test_data_goes_only_with_the_name_typed(google, call):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    dataset = there.sandbox.world.dataset(P, "KLAVIYO_IMPORT_FROM_DWH")
    with there.sandbox.world.lock:
        seed(there.sandbox.context, P, [f"CREATE TABLE `{P}.KLAVIYO_IMPORT_FROM_DWH.people` (email STRING)"])
    assert dataset.tables
    kept = call("teardown", "--yes")
    assert kept.status == 0, kept.err
    assert "--with-data" in kept.err
    assert list(there.sandbox.world.projects[P].datasets) == ["KLAVIYO_IMPORT_FROM_DWH"]
    for wrong in (("--yes",), (), ("--confirm", "other")):
        refused = call("teardown", "--with-data", *wrong)
        assert refused.status == 2
        assert "--confirm" in refused.err
    assert list(there.sandbox.world.projects[P].datasets) == ["KLAVIYO_IMPORT_FROM_DWH"]
    gone = call("teardown", "--with-data", "--confirm", "default")
    assert gone.status == 0, gone.err
    assert there.sandbox.world.projects[P].datasets == {}


def test_an_account_with_a_role_elsewhere_is_left_and_it_is_said_where(google, call):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    project = there.sandbox.world.projects[P]
    project.policy.bindings.append({"role": "roles/viewer", "members": [f"serviceAccount:{EMAIL}"]})
    ended = call("teardown", "--yes")
    assert ended.status == 0, ended.err
    assert EMAIL in project.service_accounts
    assert "roles/viewer on project" in ended.err
    assert project.service_accounts[EMAIL].keys == {}
    assert "What was not made here" in ended.err


def test_a_set_up_that_we_did_not_make_stays_whole(google, call):
    there = google("existing")
    before = state(there)
    ended = call("teardown", "--yes", *there.key_options)
    assert ended.status == 0, ended.err
    assert state(there) == before
    assert Path(there.key_options[1]).exists()


def test_json_is_the_stream_of_apply(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    *events, summary = call("teardown", "--yes", "--json").lines
    assert {line["schema"] for line in (*events, summary)} == {"kbq-tui/apply/v1"}
    assert {line["event"] for line in events} == {"started", "finished"}
    assert (summary["event"], summary["ok"], summary["stays"]) == ("summary", True, [])
    assert len(summary["done"]) == 7


def test_nobody_to_ask_takes_nothing_away(google, call):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    before = len(there.writes())
    refused = call("teardown")
    assert refused.status == 2
    assert "teardown --dry-run" in refused.err
    assert len(there.writes()) == before


def test_what_may_not_be_done_is_told_and_the_rest_is_done(google, call):
    there = google("fresh")
    before = state(there)
    assert call("apply", "--yes").status == 0
    text = "Access Denied: Permission bigquery.datasets.delete"
    denied = Rule("bigquery.datasets.delete", "status", every=1, status=403, reason="accessDenied", message=text)
    there.sandbox.context.faults.replace([denied])
    ended = call("teardown", "--yes")
    assert ended.status == 4, ended.err
    assert "Not finished: 5 done" in ended.err
    assert there.sandbox.world.projects[P].service_accounts == {}
    there.sandbox.context.faults.replace([])
    assert call("teardown", "--yes").status == 0
    assert state(there) == before


def test_what_cannot_be_read_is_blocked_and_said(google, call):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    text = "The caller does not have permission"
    denied = Rule("cloudresourcemanager.projects.getIamPolicy", "status", every=1, status=403, message=text)
    there.sandbox.context.faults.replace([denied])
    shown = call("teardown", "--dry-run")
    assert shown.status == 0, shown.err
    assert "blocked   Delete service account" in shown.out
    ended = call("teardown", "--yes")
    assert ended.status == 4, ended.err
    assert EMAIL in there.sandbox.world.projects[P].service_accounts


def test_a_view_that_source_made_goes_and_others_stay(google, call):
    there = google("fresh")
    assert call("apply", "--yes").status == 0
    place = f"{P}.KLAVIYO_IMPORT_FROM_DWH"
    with there.sandbox.world.lock:
        seed(
            there.sandbox.context,
            P,
            [
                f"CREATE TABLE `{place}.people` (email STRING, updated_at TIMESTAMP)",
                f"INSERT INTO `{place}.people` VALUES ('a@acme.example', CURRENT_TIMESTAMP())",
                f"CREATE VIEW `{place}.theirs` AS SELECT 1 AS x",
            ],
        )
    made = call("source", "people", "--view", "ready", "--yes")
    assert made.status == 0, made.err
    dataset = there.sandbox.world.dataset(P, "KLAVIYO_IMPORT_FROM_DWH")
    assert dataset.tables["ready"].labels == {"created-by": "kbq-tui"}
    again = call("source", "people", "--view", "theirs", "--yes")
    assert again.status == 1, again.err
    shown = call("teardown", "--dry-run", "--json").json
    assert [a["id"] for a in shown["actions"] if "view" in a["id"]] == [
        "delete-view:table:KLAVIYO_IMPORT_FROM_DWH.ready"
    ]
    gone = call("teardown", "--yes")
    assert gone.status == 0, gone.err
    assert set(dataset.tables) == {"people", "theirs"}
    assert "it is not empty" in gone.err


def test_after_a_teardown_it_is_not_said_that_anything_stays_at_google(google, call):
    google("fresh")
    assert call("apply", "--yes").status == 0
    assert call("teardown", "--yes").status == 0
    removed = call("connections", "remove", "default", "--yes")
    assert removed.status == 0, removed.err
    assert "At Google everything stays" not in removed.err
    assert "kbq-tui teardown" not in removed.err
