"""`activity`, against the sandbox: what Klaviyo has done, and which part of it an operator may see."""

import pytest

P = "acme-klaviyo-demo"


def only(there, *roles: str) -> None:
    """Leave the operator only some roles on the project."""
    project = there.sandbox.world.projects[P]
    member = f"serviceAccount:{there.sandbox.operator}"
    there.sandbox.world.set_policy(project, [{"role": role, "members": [member]} for role in roles], 1)


def test_syncs_that_run_are_told_with_their_figures(google, call):
    google("sync-healthy")
    ended = call("activity", "--json", "--direction", "both")
    found = ended.json
    assert ended.status == 0
    assert (found["source"], found["complete"], found["left_out"]) == ("jobs-view", True, [])
    assert (found["healthy"], found["findings"], found["last_error"]) == (True, [], None)
    assert found["usual_interval_seconds"] == 3600
    assert found["jobs"] == 2 * 14 * 24  # two an hour
    assert found["bytes_billed_30_days"] == 720 * (10_485_760 + 20_971_520)
    assert {table["table"] for table in found["tables"]} == {
        "KLAVIYO_IMPORT_FROM_DWH.customers",
        "KLAVIYO_IMPORT_FROM_DWH.klaviyo_event",
    }
    assert found["export"]["rows_24_hours"] == 2
    assert found["leftovers"] == []
    assert found["query_quota"] == {"bytes_per_day": 1 << 40, "bytes_per_user_and_day": None}
    text = call("activity", "--direction", "both", "--ascii")
    assert text.status == 0
    assert f"{2 * 14 * 24} jobs" in text.out
    assert "60 minutes between two syncs" in text.out
    assert "2 in 24 hours" in text.out
    assert "1.0 TiB for the project, no limit for one account" in text.out
    assert "Short queries may leave no job" in text.err
    assert text.out.isascii()
    assert "Exported" not in call("activity").out  # nothing is exported by an import


def test_failing_syncs_end_with_6_and_their_error_is_explained(google, call):
    google("sync-failing")
    ended = call("activity", "--json", "--since", "3d")
    assert ended.status == 6
    (finding,) = ended.json["findings"]
    assert (finding["kind"], finding["broken"]) == ("failing", True)
    assert finding["problem"]["code"] == ended.json["last_error"]["problem"]["code"] == "KBQ-TABLE-READ-DENIED"
    assert sum(day["failed"] for day in ended.json["days"]) == 48
    text = call("activity", "--since", "3d").out
    assert "Failed a day" in text
    assert "KBQ-TABLE-READ-DENIED" in text
    assert "roles/bigquery.dataViewer" in text


def test_silence_and_what_is_left_behind_are_found(google, call):
    google("sync-silent")
    ended = call("activity", "--json", "--direction", "both")
    assert ended.status == 6
    assert [f["kind"] for f in ended.json["findings"]] == ["silent", "export-stale", "leftovers"]
    assert 4 * 86_400 - 120 < ended.json["silent_seconds"] < 5 * 86_400
    assert [left["table"] for left in ended.json["leftovers"]] == ["klaviyo_stage_2", "klaviyo_stage_1"]
    assert "2 tables in KLAVIYO_TMP" in call("activity").out


def test_the_audit_log_tells_when_where_jobs_may_not_be_seen(google, call):
    there = google("sync-failing")
    only(there, "roles/bigquery.user", "roles/logging.privateLogViewer", "roles/viewer")
    ended = call("activity", "--json")
    assert ended.status == 6
    assert (ended.json["source"], ended.json["complete"]) == ("audit-log", False)
    assert ended.json["last_error"]["problem"]["code"] == "KBQ-TABLE-READ-DENIED"
    assert ended.json["bytes_billed_30_days"] is None
    assert "roles/bigquery.resourceViewer" in call("activity").err


def test_without_any_source_it_is_unknown_and_the_role_is_named(google, call):
    there = google("sync-healthy")
    only(there, "roles/bigquery.user")
    ended = call("activity", "--json")
    assert ended.status == 4
    assert (ended.json["source"], ended.json["jobs"], ended.json["findings"]) == ("unknown", None, [])
    text = call("activity")
    assert text.status == 4
    assert "not known" in text.out
    assert "roles/bigquery.resourceViewer" in text.err


@pytest.mark.parametrize("since", ["14", "0d", "181d", "2w", "-1d", "30m"])
def test_a_time_that_cannot_be_is_refused_with_the_option(call, since):
    ended = call("activity", "--since", since)
    assert ended.status == 2
    assert "--since" in ended.err
    assert "180d" in ended.err


def test_a_quota_that_may_not_be_seen_is_unknown_with_the_role_that_would_show_it(google, call):
    there = google("sync-healthy")
    only(there, "roles/bigquery.admin", "roles/iam.serviceAccountAdmin", "roles/logging.privateLogViewer")
    found = call("activity", "--json").json
    assert found["query_quota"] is None
    assert found["complete"] is False
    told = [problem for problem in found["left_out"] if "serviceusage.quotas.get" in problem["cause"]]
    assert [("roles/servicemanagement.quotaViewer" in str(problem)) for problem in told] == [True]
    assert "not known" in next(line for line in call("activity").out.splitlines() if "Quota a day" in line)
    only(there, "roles/bigquery.admin", "roles/servicemanagement.quotaViewer")
    assert call("activity", "--json").json["query_quota"]["bytes_per_day"] == 1 << 40
